"""The commands, over a fake orchestrator."""

from collections.abc import Callable

import httpx
import pytest
from fake_orchestrator import FakeOrchestrator
from typer.testing import CliRunner, Result

from taskway import main as program
from taskway.api import Api


@pytest.fixture
def orchestrator(monkeypatch: pytest.MonkeyPatch) -> FakeOrchestrator:
    fake = FakeOrchestrator()
    monkeypatch.setattr(program, "Api", lambda url: Api(url, transport=httpx.MockTransport(fake)))
    monkeypatch.setenv("TASKWAY_USER", "olga")
    monkeypatch.setenv("COLUMNS", "200")
    return fake


@pytest.fixture
def run(orchestrator: FakeOrchestrator) -> Callable[..., Result]:
    return lambda *args, **options: CliRunner().invoke(program.app, args, **options)
