"""Which operations are possible in which status."""

import pytest

from contracts.operations import Operation
from contracts.orchestrator import TERMINAL, RuntimeStatus
from orchestrator.operations.allowed import refusal


@pytest.mark.parametrize("status", RuntimeStatus)
def test_which_operations_a_status_allows(status: RuntimeStatus) -> None:
    allowed = {operation for operation in Operation if refusal(operation, status) is None}
    if status in TERMINAL:
        assert allowed == {Operation.PURGE, Operation.RERUN}
    elif status is RuntimeStatus.SUSPENDED:
        assert allowed == {Operation.RESUME, Operation.TERMINATE}
    else:
        assert allowed == {Operation.PAUSE, Operation.TERMINATE}
