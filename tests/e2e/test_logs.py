"""Logs describe the work, and name no person."""

import re

import pytest

from stack import Stack
from support.jaeger import Jaeger
from support.samples import Ended
from support.system import System, somebody, unique

# As the samples, and somebody(), name people.
PEOPLE = re.compile(r"[\w.+-]+@[\w.-]+|Noor|Haddad")


@pytest.fixture
async def logs(stack: Stack, system: System, ended: Ended) -> str:
    """What the services have written, after each sample and a refused assignment."""
    assert ended
    instance = await system.start(
        "/tasks/process", task_id=unique(), title="T", assignee=f"{somebody()}@nowhere.example"
    )
    await system.finished(instance)
    folder = stack.options.run_dir / "logs"
    names = ("orchestrator", "assigner", "notifier")
    return "\n".join((folder / f"{name}.log").read_text(encoding="utf-8") for name in names)


async def test_no_person_is_named(logs: str) -> None:
    naming = [line for line in logs.splitlines() if PEOPLE.search(line)]
    assert naming == []


async def test_a_failed_activity_is_logged_with_its_context(logs: str, jaeger: Jaeger) -> None:
    assert jaeger, "without it there are no traces"
    failures = [line for line in logs.splitlines() if "activity failed" in line]
    assert failures
    for line in failures:
        for field in ("service", "trace_id", "instance", "workflow", "step", "attempt", "error"):
            assert f"{field}=" in line
