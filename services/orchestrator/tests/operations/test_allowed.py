"""Which operations are possible in which status."""

import pytest

from orchestrator.operations.allowed import refusal
from orchestrator.schemas.operations import Operation
from orchestrator.schemas.workflows import TERMINAL, RuntimeStatus


@pytest.mark.parametrize("status", RuntimeStatus)
def test_which_operations_a_status_allows(status: RuntimeStatus) -> None:
    allowed = {operation for operation in Operation if refusal(operation, status) is None}
    if status in TERMINAL:
        assert allowed == {Operation.PURGE, Operation.RERUN}
    elif status is RuntimeStatus.SUSPENDED:
        assert allowed == {Operation.RESUME, Operation.TERMINATE}
    else:
        assert allowed == {Operation.PAUSE, Operation.TERMINATE}
