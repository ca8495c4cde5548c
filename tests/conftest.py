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
    "test_deploy",
    "test_email",
    "test_hello",
    "test_histories",
    "test_kill_traced",
    "test_logs",
    "test_metrics",
    "test_missed_schedules",
    "test_operations",
    "test_schedules",
    "test_traces",
    "test_waiting",
    "test_why",
    "test_without_jaeger",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the target."""
    parser.addoption(
        "--target", choices=list(TARGETS), default="self-hosted", help="what is tested"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Take the fixtures of the target."""
    config.pluginmanager.import_plugin(TARGETS[config.option.target])


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out what only a cluster has, where there is none."""
    return True if collection_path == CLUSTER_TESTS and config.option.target != "kind" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out over Redis what would show nothing new there."""
    left_out = [item for item in items if _over_redis(item) and item.path.stem in OVER_SQLITE]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def _over_redis(item: pytest.Item) -> bool:
    called_with = getattr(item, "callspec", None)
    return called_with is not None and called_with.params.get("stack") == "redis"
