"""What the tests of the running system run against: `--target self-hosted` or `--target kind`."""

from pathlib import Path

import pytest

# Where the fixtures `system`, `jaeger` and `ended` of a target are.
TARGETS = {"self-hosted": "support.self_hosted", "kind": "kind.cluster"}
CLUSTER_TESTS = Path(__file__).parent / "kind"
# What these show is the same over either store. Those on what the engine keeps run over Redis in
# the cluster: see `make test-kind`.
OVER_SQLITE = {
    "test_application",
    "test_bulk_operations",
    "test_cli",
    "test_cli_operations",
    "test_deploy",
    "test_email",
    "test_hello",
    "test_histories",
    "test_http",
    "test_kill_traced",
    "test_logs",
    "test_metrics",
    "test_missed_schedules",
    "test_operations",
    "test_schedules",
    "test_swagger_ui",
    "test_traces",
    "test_waiting",
    "test_why",
    "test_without_jaeger",
}

# What depends on the store: its transactions, its queries, and its process that can be killed.
OVER_POSTGRESQL = {
    "test_instances",
    "test_kills",
    "test_lives",
    "test_restarts",
    "test_samples",
    "test_state_store",
}

# The longest first, for the processes to end together.
GROUPS = ["sqlite", "redis", "postgresql", None]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the target."""
    parser.addoption(
        "--target", choices=list(TARGETS), default="self-hosted", help="what is tested"
    )
    parser.addoption(
        "--store",
        choices=[group for group in GROUPS if group],
        help="run all tests of a shared stack over one store, instead of a choice over each",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Take the fixtures of the target."""
    config.pluginmanager.import_plugin(TARGETS[config.option.target])


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out what only a cluster has, where there is none."""
    return True if collection_path == CLUSTER_TESTS and config.option.target != "kind" else None


# Before xdist's own hook, which reads the groups.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out over a store what would show nothing new there, and group the rest by its stack.

    A group runs in one process, so that two processes (`pytest -n 2 --dist loadgroup`) start no
    shared stack twice: first the tests over SQLite in one and those over Redis in the other, then
    each file whose tests start their own.
    """
    only = config.option.store
    left_out = [i for i in items if not (_store(i) == only if only else _shows_new(i))]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
    items.sort(key=lambda item: GROUPS.index(_store(item)))
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_store(item) or item.path.stem))


def _shows_new(item: pytest.Item) -> bool:
    match _store(item):
        case "redis":
            return item.path.stem not in OVER_SQLITE
        case "postgresql":
            return item.path.stem in OVER_POSTGRESQL
        case _:
            return True


def _store(item: pytest.Item) -> str | None:
    """Return the store of the shared stack that a test uses; None where it uses none."""
    called_with = getattr(item, "callspec", None)
    store: str | None = called_with.params.get("stack") if called_with else None
    return store
