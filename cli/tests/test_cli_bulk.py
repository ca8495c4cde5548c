"""Bulk operations are confirmed by their number of instances."""

import json
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest
from fake_orchestrator import FakeOrchestrator
from typer.testing import Result

from taskway.errors import CommandError

BULK = ("POST", "/instances:batch")
PAUSE = ("bulk", "pause", "--prefix", "task-", "--status", "running", "-r", "a break")


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
    orchestrator.answers[BULK] = deque([answer(*ids), done])
    return orchestrator


def test_a_bulk_operation_is_announced_and_then_confirmed_with_its_count(
    two: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    result = run(*PAUSE, input="y\n")
    assert result.exit_code == 0
    assert "To pause: 2 instances" in result.stderr
    assert "  task-2\n" in result.stderr
    assert "2 done, 0 refused" in result.stdout
    first, second = two.bodies()
    assert first["filter"] == {"status": ["RUNNING"], "id_prefix": "task-"}
    assert (first["operation"], first["reason"], first["by"]) == ("pause", "a break", "olga")
    assert "confirm" not in first
    assert second == {**first, "confirm": 2}


@pytest.mark.parametrize("typed", ["n\n", ""])
def test_without_a_confirmation_nothing_changes(
    two: FakeOrchestrator, run: Callable[..., Result], typed: str
) -> None:
    assert run(*PAUSE, input=typed).exit_code == 1
    assert len(two.bodies()) == 1


def test_json_output_has_the_result_alone(
    two: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    result = run("--json", *PAUSE, "--yes")
    assert json.loads(result.stdout)["dry_run"] is False
    assert result.stderr == ""


def test_a_dry_run_changes_nothing(two: FakeOrchestrator, run: Callable[..., Result]) -> None:
    assert "To pause: 2 instances" in run(*PAUSE, "--dry-run").stdout
    assert len(two.bodies()) == 1


def test_a_long_announcement_is_shortened(
    orchestrator: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    ids = [f"task-{n}" for n in range(500)]
    orchestrator.answers[BULK] = answer(*ids, remaining=1, index={"complete": False})
    shown = run(*PAUSE, "--dry-run").stdout
    assert "task-9\n" in shown
    assert "task-10\n" not in shown
    assert "… and 490 more" in shown
    assert "Left for another call: 1 instance" in shown
    assert "there may be more" in shown


def test_an_empty_selection_needs_no_confirmation(
    orchestrator: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    orchestrator.answers[BULK] = answer()
    result = run(*PAUSE)
    assert result.exit_code == 0
    assert "No instance" in result.stdout
    assert len(orchestrator.bodies()) == 1


def test_refused_instances_are_listed_and_fail_the_command(
    orchestrator: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    problem = "urn:taskway:problem:wrong-state"
    results = [item("task-1"), item("task-2", problem, detail="It is [COMPLETED]")]
    orchestrator.answers[BULK] = deque(
        [answer("task-1", "task-2"), answer("task-1", "task-2", dry_run=False, results=results)]
    )
    result = run(*PAUSE, "--yes")
    assert "wrong-state  It is [COMPLETED]" in result.stdout
    assert isinstance(result.exception, CommandError)
    assert str(result.exception) == "1 of 2 instances were refused"


def test_a_bulk_rerun_lists_the_new_ids(
    orchestrator: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    done = answer("task-1", dry_run=False, results=[item("task-1", new_instance_id="task-1-b")])
    orchestrator.answers[BULK] = deque([answer("task-1"), done])
    result = run("bulk", "rerun", "--workflow", "task", "--suffix", "b", "-r", "fixed", "-y")
    assert "task-1-b" in result.stdout
    assert orchestrator.bodies()[0]["suffix"] == "b"


@pytest.mark.parametrize("which", [(), ("--all", "--prefix", "task-")])
def test_a_bulk_operation_needs_either_a_filter_or_all(
    orchestrator: FakeOrchestrator, run: Callable[..., Result], which: tuple[str, ...]
) -> None:
    result = run("bulk", "terminate", *which, "-r", "a break", "--yes")
    assert isinstance(result.exception, CommandError)
    assert orchestrator.requests == []


def test_the_former_name_is_a_hidden_alias(
    two: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    result = run("batch", *PAUSE[1:], "--yes")
    assert result.exit_code == 0
    assert "2 done, 0 refused" in result.stdout
    assert "'batch' is deprecated" in result.stderr
    help_ = run("--help").stdout
    assert "│ bulk " in help_
    assert "batch" not in help_
