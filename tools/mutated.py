"""The modules whose unit tests `make mutants` tries, and those tests."""

from dataclasses import dataclass

CODE = "services/orchestrator/src/orchestrator"
TESTS = "services/orchestrator/tests"
WORKFLOWS = (
    *("application", "document_batch", "hello", "monitor", "onboarding", "order", "purchase"),
    *("research", "task", "tracked_task"),
)
PURE = ("workflow", "saga", "state", "steps", "screening", "verification", "review", "draft")


@dataclass(frozen=True)
class Target:
    """Modules and their unit tests.

    Args:
        modules: Patterns of the modules' paths.
        tests: The tests.
    """

    modules: tuple[str, ...]
    tests: tuple[str, ...]


def _ours(modules: tuple[str, ...], *tests: str) -> Target:
    return Target(
        tuple(f"{CODE}/{module}.py" for module in modules),
        tuple(f"{TESTS}/{test}" for test in tests),
    )


TARGETS = (
    *(
        _ours(tuple(f"workflows/{name}/{module}" for module in PURE), f"workflows/{name}")
        for name in WORKFLOWS
    ),
    _ours(("engine/client", "engine/start_records", "engine/event_delivery"), "engine"),
    _ours(("toolkit/waits",), "toolkit/test_waits.py"),
    _ours(("toolkit/people",), "toolkit/test_people.py"),
    _ours(("toolkit/accepted_events",), "toolkit/test_accepted_events.py"),
    _ours(("toolkit/ledger",), "toolkit/test_ledger.py", "toolkit/test_ledger_retention.py"),
    _ours(("inbox/claims",), "inbox"),
    _ours(("scheduling/*",), "scheduling"),
    _ours(("operations/bulk", "operations/allowed"), "operations"),
    Target(
        ("services/assigner/src/assigner/ledger.py",),
        ("services/assigner/tests",),
    ),
    Target(
        ("services/notifier/src/notifier/delivery.py",),
        ("services/notifier/tests",),
    ),
)
