"""The same is done to many, once somebody said yes to how many."""

import json
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest
from fake_orchestrator import FakeOrchestrator
from typer.testing import Result

from taskway.errors import CommandError

BATCH = ("POST", "/instances:batch")
PAUSE = ("batch", "pause", "--prefix", "task-", "--status", "running", "-r", "a break")


def answer(*ids: str, **more: Any) -> dict[str, Any]:
    return {
        "operation": "pause",
        "dry_run": True,
        "count": len(ids),
        "remaining": 0,
        "instance_ids": list(ids),
        "results": [],
        "index": {"complete": True},
        **more,
    }


def item(instance: str, result: str = "done", **more: Any) -> dict[str, Any]:
    nothing = {"detail": None, "new_instance_id": None}
    return {"instance_id": instance, "result": result, **nothing, **more}


@pytest.fixture
def two(orchestrator: FakeOrchestrator) -> FakeOrchestrator:
    """An orchestrator that finds two instances, and pauses both."""
    ids = ("task-1", "task-2")
    done = answer(*ids, dry_run=False, results=[item(i) for i in ids])
    orchestrator.answers[BATCH] = deque([answer(*ids), done])
    return orchestrator


def test_it_is_said_first_and_then_done_as_often(
    two: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    result = run(*PAUSE, input="y\n")
    assert result.exit_code == 0
    assert "pause would take 2 instances" in result.stderr
    assert "  task-2\n" in result.stderr
    assert "2 done, 0 refused" in result.stdout
    first, second = two.bodies()
    assert first["filter"] == {"status": ["RUNNING"], "id_prefix": "task-"}
    assert (first["operation"], first["reason"], first["by"]) == ("pause", "a break", "olga")
    assert "confirm" not in first
    assert second == {**first, "confirm": 2}


@pytest.mark.parametrize("said", ["n\n", ""])
def test_who_does_not_say_yes_changes_nothing(
    two: FakeOrchestrator, run: Callable[..., Result], said: str
) -> None:
    assert run(*PAUSE, input=said).exit_code == 1
    assert len(two.bodies()) == 1


def test_programs_get_the_result_alone(two: FakeOrchestrator, run: Callable[..., Result]) -> None:
    result = run("--json", *PAUSE, "--yes")
    assert json.loads(result.stdout)["dry_run"] is False
    assert result.stderr == ""


def test_a_dry_run_is_all_that_was_asked_for(
    two: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    assert "pause would take 2 instances" in run(*PAUSE, "--dry-run").stdout
    assert len(two.bodies()) == 1


def test_many_are_told_in_short(orchestrator: FakeOrchestrator, run: Callable[..., Result]) -> None:
    ids = [f"task-{n}" for n in range(500)]
    orchestrator.answers[BATCH] = answer(*ids, remaining=1, index={"complete": False})
    told = run(*PAUSE, "--dry-run").stdout
    assert "task-9\n" in told
    assert "task-10\n" not in told
    assert "… and 490 more" in told
    assert "leave 1 instance for another call" in told
    assert "there may be more" in told


def test_nothing_to_do_is_not_asked_about(
    orchestrator: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    orchestrator.answers[BATCH] = answer()
    result = run(*PAUSE)
    assert result.exit_code == 0
    assert "No instance" in result.stdout
    assert len(orchestrator.bodies()) == 1


def test_what_was_refused_is_told(
    orchestrator: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    problem = "urn:taskway:problem:wrong-state"
    results = [item("task-1"), item("task-2", problem, detail="It is [COMPLETED]")]
    orchestrator.answers[BATCH] = deque(
        [answer("task-1", "task-2"), answer("task-1", "task-2", dry_run=False, results=results)]
    )
    result = run(*PAUSE, "--yes")
    assert "wrong-state  It is [COMPLETED]" in result.stdout
    assert isinstance(result.exception, CommandError)
    assert str(result.exception) == "1 of 2 instances were refused"


def test_a_rerun_tells_the_new_ids(
    orchestrator: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    done = answer("task-1", dry_run=False, results=[item("task-1", new_instance_id="task-1-b")])
    orchestrator.answers[BATCH] = deque([answer("task-1"), done])
    result = run("batch", "rerun", "--workflow", "task", "--suffix", "b", "-r", "mended", "-y")
    assert "task-1-b" in result.stdout
    assert orchestrator.bodies()[0]["suffix"] == "b"


@pytest.mark.parametrize("which", [(), ("--all", "--prefix", "task-")])
def test_all_there_are_must_be_meant(
    orchestrator: FakeOrchestrator, run: Callable[..., Result], which: tuple[str, ...]
) -> None:
    result = run("batch", "terminate", *which, "-r", "a break", "--yes")
    assert isinstance(result.exception, CommandError)
    assert orchestrator.requests == []
