"""The fixtures of the self-hosted system: one stack a store, shared by the tests that need one."""

import re
from collections.abc import AsyncIterator, Generator
from pathlib import Path

import pytest

from stack import Stack, StackOptions
from support.jaeger import Jaeger
from support.samples import Ended, run_samples
from support.stacks import connect_stack, require_store
from support.system import System

LOGS = pytest.StashKey[Path]()
LINES = 40
QUIET = re.compile(r"level=(info|debug)|\[(info|debug)")


@pytest.fixture(scope="session", params=["sqlite", "redis", "postgresql"])
async def stack(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stack]:
    """The self-hosted processes over one of the stores."""
    store = request.param
    require_store(store)
    options = StackOptions(run_dir=tmp_path_factory.mktemp(store), store=store, prefer_port=None)
    async with Stack(options) as running:
        request.config.stash[LOGS] = options.run_dir / "logs"
        yield running


@pytest.fixture(scope="session")
async def system(stack: Stack) -> AsyncIterator[System]:
    """The APIs of that stack."""
    async with connect_stack(stack) as system:
        yield system


@pytest.fixture(scope="session")
def jaeger(stack: Stack, system: System) -> Jaeger:
    """Jaeger beside that stack."""
    if not stack.has("jaeger"):
        pytest.skip("needs jaeger on PATH")
    return Jaeger(system.orchestrator, stack.url("jaeger"))


@pytest.fixture(scope="session")
async def ended(system: System) -> Ended:
    """How each sample of the workflows ended there."""
    return await run_samples(system)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a failure what the orchestrator and its sidecar logged last."""
    report = yield
    logs = item.config.stash.get(LOGS, None)
    if report.failed and logs is not None:
        for name in ("orchestrator.log", "orchestrator-sidecar.log"):
            lines = (logs / name).read_text(errors="replace").splitlines()
            loud = [line for line in lines if not QUIET.search(line)]
            report.sections.append((name, "\n".join(loud[-LINES:])))
    return report
