"""The form of a task."""

from typing import Any

import pytest

from orchestrator.workflows.task.models import TaskRequest


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": "T"},
        {"task_id": "1"},
        {"task_id": 1, "title": "T"},
        {"task_id": "", "title": "T"},
        {"task_id": "a:b", "title": "T"},
        {"task_id": "x" * 101, "title": "T"},
        {"task_id": "1", "title": "x" * 201},
        {"task_id": "1", "title": "T", "skills": "python"},
        {"task_id": "1", "title": "T", "due": "2030-01-01T00:00:00"},
        {"task_id": "1", "title": "T", "priority": "soon"},
        {"task_id": "1", "title": "T", "asignee": "alice"},
    ],
)
def test_a_malformed_task_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        TaskRequest.model_validate(wrong)
