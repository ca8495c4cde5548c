"""A key that a peer would refuse is refused when the step is made: the test kit shows it."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from contracts.assigner import AssignmentRequest
from orchestrator.toolkit.messages import AssignTask, ReleaseAssignment, SendNotification

TITLE = AssignmentRequest(title="Review", assignee="dana")
STEPS: dict[type[BaseModel], dict[str, Any]] = {
    AssignTask: {"request": TITLE},
    ReleaseAssignment: {},
    SendNotification: {"recipient": "dana", "subject": "A task", "body": "Review"},
}


@pytest.mark.parametrize(("step", "data"), STEPS.items(), ids=lambda s: getattr(s, "__name__", ""))
@pytest.mark.parametrize("key", ["", "task 1:notify", "task-1/notify", "a" * 201])
def test_a_key_of_another_form_is_refused(
    step: type[BaseModel], data: dict[str, Any], key: str
) -> None:
    assert step(key="task-1:notify", **data)
    with pytest.raises(ValidationError, match="key\n"):
        step(key=key, **data)
