"""Which operation is possible in which status, and which status is what it leads to."""

from orchestrator.schemas.operations import Operation
from orchestrator.schemas.workflows import TERMINAL, RuntimeStatus

ALIVE = frozenset(RuntimeStatus) - TERMINAL
RESUMED = ALIVE - {RuntimeStatus.SUSPENDED, RuntimeStatus.UNKNOWN}

# The engine takes nothing for an instance that it has stalled: docs/changing-a-workflow.md.
RESPONSIVE = ALIVE - {RuntimeStatus.STALLED}

ALLOWED: dict[Operation, frozenset[RuntimeStatus]] = {
    Operation.PAUSE: RESPONSIVE - {RuntimeStatus.SUSPENDED},
    Operation.RESUME: frozenset({RuntimeStatus.SUSPENDED}),
    Operation.TERMINATE: RESPONSIVE,
    # The engine copies a history, which must be complete.
    Operation.RERUN: TERMINAL,
    Operation.PURGE: TERMINAL,
}
# A repeat finds the instance so, and succeeds: the caller may not have had the first answer.
REACHED: dict[Operation, frozenset[RuntimeStatus]] = {
    Operation.PAUSE: frozenset({RuntimeStatus.SUSPENDED}),
    Operation.RESUME: RESUMED,
    Operation.TERMINATE: frozenset({RuntimeStatus.TERMINATED}),
    Operation.RERUN: frozenset(),
    Operation.PURGE: frozenset(),
}


def refusal(operation: Operation, status: RuntimeStatus) -> str | None:
    """Return why an operation is not possible in a status, or None where it is or has been done."""
    if status in ALLOWED[operation] | REACHED[operation]:
        return None
    needed = ", ".join(sorted(ALLOWED[operation]))
    return f"{operation} is not possible while it is {status}: it must be one of {needed}"
