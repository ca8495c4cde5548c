"""Why an instance is not there: unknown, purged, removed by retention, or not begun."""

from contracts.problems import ProblemType
from servicekit.problems import ProblemError


def unknown_instance(instance_id: str) -> ProblemError:
    """Return the problem that there is no such instance (404)."""
    return ProblemError(ProblemType.NOT_FOUND, f"There is no instance {instance_id}")


def purged_problem(instance_id: str) -> ProblemError:
    """Return the problem that an operator purged an instance (410)."""
    return ProblemError(ProblemType.INSTANCE_GONE, f"{instance_id} was purged")


def removed_problem(instance_id: str) -> ProblemError:
    """Return the problem that an instance has ended and was removed by retention (410)."""
    return ProblemError(
        ProblemType.INSTANCE_GONE,
        f"{instance_id} has ended, and was removed after the time that instances are kept; "
        "its id stays used: start it under another",
    )


def not_begun(instance_id: str) -> ProblemError:
    """Return the problem that an instance was accepted and has not begun (503)."""
    return ProblemError(
        ProblemType.UNAVAILABLE,
        f"Instance {instance_id} was accepted, and has not begun; try again",
        retry_after=1,
    )
