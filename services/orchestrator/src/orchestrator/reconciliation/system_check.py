"""The check of the system that says which instances make no progress. No I/O."""

from orchestrator.reconciliation.reconciler import NoProgress
from orchestrator.schemas.system import SystemCheck

NAME = "progress of instances"


def progress_check(found: NoProgress | None) -> SystemCheck:
    """Return the check.

    Args:
        found: The instances that make no progress; None where nobody looks for them.
    """
    if found is None:
        return SystemCheck(name=NAME, ok=True, detail="not looked for (RECONCILE_INSTANCES)")
    if found.longest is None:
        return SystemCheck(name=NAME, ok=True, detail="none waits for what should have come")
    name, late = found.longest
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(found.by_kind.items()))
    return SystemCheck(
        name=NAME,
        ok=False,
        detail=f"late: {kinds}; the longest {name}: {late.what}, "
        f"since {late.since:%Y-%m-%dT%H:%M:%SZ}",
        advice="The scheduler seems to have lost wake-ups, which are created again within a "
        "minute; for what stays see docs/observability.md#instanceswithoutprogress.",
    )
