"""The validation of tasks."""

import pytest

from orchestrator.workflows.task.activities import validate_task
from orchestrator.workflows.task.models import TaskRequest


@pytest.mark.parametrize(
    ("fields", "rejection"),
    [
        ({"title": "T", "assignee": "alice"}, None),
        ({"title": "T", "skills": ["python"]}, None),
        ({"title": "", "assignee": "alice"}, "Missing title"),
        ({"title": " \t", "assignee": "alice"}, "Missing title"),
        ({"title": "T"}, "Missing assignee"),
        ({"title": "T", "assignee": "  ", "skills": []}, "Missing assignee"),
        ({"title": " "}, "Missing title"),
    ],
)
async def test_a_task_needs_a_title_and_an_assignee_or_skills(
    fields: dict[str, object], rejection: str | None
) -> None:
    task = TaskRequest.model_validate({"task_id": "1", **fields})
    assert (await validate_task(None, task)).rejection == rejection  # type: ignore[arg-type]
