"""Which operations are possible in which status."""

import pytest

from orchestrator.operations.allowed import ALLOWED, REACHED, refusal
from orchestrator.schemas.operations import Operation
from orchestrator.schemas.workflows import TERMINAL, RuntimeStatus


@pytest.mark.parametrize("status", RuntimeStatus)
def test_which_operations_a_status_allows(status: RuntimeStatus) -> None:
    allowed = {operation for operation in Operation if refusal(operation, status) is None}
    if status in TERMINAL:
        again = {Operation.TERMINATE} & {o for o in Operation if status in REACHED[o]}
        assert allowed == {Operation.PURGE, Operation.RERUN} | again
    elif status is RuntimeStatus.UNKNOWN:
        assert allowed == {Operation.PAUSE, Operation.TERMINATE}
    elif status is RuntimeStatus.STALLED:
        assert allowed == {Operation.RESUME}
    else:
        assert allowed == {Operation.PAUSE, Operation.RESUME, Operation.TERMINATE}


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        (Operation.PAUSE, RuntimeStatus.SUSPENDED),
        (Operation.RESUME, RuntimeStatus.RUNNING),
        (Operation.TERMINATE, RuntimeStatus.TERMINATED),
    ],
)
def test_an_operation_may_be_repeated(operation: Operation, status: RuntimeStatus) -> None:
    assert refusal(operation, status) is None
    assert status not in ALLOWED[operation]


@pytest.mark.parametrize("status", [RuntimeStatus.COMPLETED, RuntimeStatus.FAILED])
def test_what_ended_by_itself_was_not_terminated(status: RuntimeStatus) -> None:
    assert refusal(Operation.TERMINATE, status) is not None
