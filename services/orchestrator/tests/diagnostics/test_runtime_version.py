"""Which runtimes go with which SDK."""

from pathlib import Path

import pytest

from orchestrator.diagnostics.runtime_version import TESTED_RUNTIME, version_check

PINNED = Path(__file__).parents[4] / "tools/dapr/VERSION"


def test_the_tested_runtime_is_the_installed_one() -> None:
    assert PINNED.read_text(encoding="utf-8").strip() == TESTED_RUNTIME


def test_the_tested_runtime_passes_without_a_warning() -> None:
    check = version_check(TESTED_RUNTIME, "1.19.0")
    assert (check.ok, check.advice) == (True, None)
    assert check.detail == f"Dapr {TESTED_RUNTIME}, Python SDK 1.19.0"


@pytest.mark.parametrize("runtime", ["1.17.0", "1.18.7", "1.19.0", "1.19.0-dev.20260821"])
def test_another_compatible_runtime_passes_without_a_warning(
    runtime: str,
) -> None:
    check = version_check(runtime, "1.19.0")
    assert (check.ok, check.advice) == (True, None)
    assert runtime in check.detail
    assert TESTED_RUNTIME in check.detail


@pytest.mark.parametrize(
    "runtime", ["1.16.9", "1.20.0", "1.20.0-rc.1", "2.18.0", "0.19.0", "edge", "unknown", ""]
)
def test_a_newer_too_old_or_unknown_runtime_is_a_warning(runtime: str) -> None:
    check = version_check(runtime, "1.19.0")
    assert check.ok
    assert check.advice is not None
    assert "1.17 to 1.19" in check.advice
