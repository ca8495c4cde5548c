"""What COMPLETED is shown with its outcome."""

from collections.abc import Callable
from typing import Any

from fake_orchestrator import FakeOrchestrator
from typer.testing import Result

TIME = "2026-01-01T00:00:00+00:00"
FAILED: dict[str, Any] = {
    "instance_id": "task-42",
    "workflow": "task",
    "status": "COMPLETED",
    "outcome": "failed",
    "created_at": TIME,
    "message": "Nobody could be notified",
}
COUNTS: dict[str, Any] = {
    "total": 8,
    "overdue": 0,
    "by_workflow": {"hello": {"COMPLETED": 1}, "task": {"COMPLETED": 5, "FAILED": 2}},
    "outcomes_by_workflow": {"task": {"failed": 2, "completed": 3}},
    "index": {"complete": True},
}


def lines(result: Result) -> list[list[str]]:
    return [line.split() for line in result.output.splitlines()]


def test_a_list_has_a_column_of_outcomes(
    orchestrator: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    page = {"items": [FAILED, FAILED | {"outcome": None}], "next": None}
    orchestrator.answers["GET", "/instances"] = page
    head, failed, without = lines(run("list", "--outcome", "failed"))
    assert head == ["INSTANCE", "WORKFLOW", "STATUS", "OUTCOME", "AGE", "MESSAGE"]
    assert failed[:4] == ["task-42", "task", "COMPLETED", "failed"]
    assert without[:3] == failed[:3]
    assert without[3] != "failed"


def test_a_summary_counts_outcomes_beside_what_completed(
    orchestrator: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    orchestrator.answers["GET", "/instances/summary"] = COUNTS
    assert lines(run("summary"))[:-1] == [
        ["WORKFLOW", "STATUS", "INSTANCES", "OUTCOMES"],
        ["hello", "COMPLETED", "1"],
        ["task", "COMPLETED", "5", "3", "completed,", "2", "failed"],
        ["task", "FAILED", "2"],
    ]


def test_an_instance_is_shown_with_its_outcome(
    orchestrator: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    empty = ("version", "custom_status", "parent", "rerun_of", "trace_id", "trace_url")
    detail = {
        **FAILED,
        **dict.fromkeys((*empty, "input", "output", "error")),
        "why": [],
        "children": [],
        "duration_seconds": 1,
    }
    orchestrator.answers["GET", "/instances/task-42"] = detail
    orchestrator.answers["GET", "/instances/task-42/history"] = {"steps": []}
    assert ["Outcome", "failed"] in lines(run("show", "task-42"))
