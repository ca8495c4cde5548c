"""Which operation is possible in which status."""

from orchestrator.schemas.operations import Operation
from orchestrator.schemas.workflows import TERMINAL, RuntimeStatus

ALIVE = frozenset(RuntimeStatus) - TERMINAL

ALLOWED: dict[Operation, frozenset[RuntimeStatus]] = {
    Operation.PAUSE: ALIVE - {RuntimeStatus.SUSPENDED},
    Operation.RESUME: frozenset({RuntimeStatus.SUSPENDED}),
    Operation.TERMINATE: ALIVE,
    # The engine copies a history, which must be complete.
    Operation.RERUN: TERMINAL,
    Operation.PURGE: TERMINAL,
}


def refusal(operation: Operation, status: RuntimeStatus) -> str | None:
    """Return why an operation is not possible in a status, or None where it is."""
    if status in ALLOWED[operation]:
        return None
    needed = ", ".join(sorted(ALLOWED[operation]))
    return f"{operation} is not possible while it is {status}: it must be one of {needed}"
