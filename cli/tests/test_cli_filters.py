"""The options that select instances are the same for every command that takes them."""

from collections.abc import Callable
from typing import Any

import pytest
from fake_orchestrator import FakeOrchestrator
from typer.testing import Result

OPTIONS = (
    *("--workflow", "task", "--workflow", "order", "--status", "running"),
    *("--outcome", "failed", "--outcome", "rejected", "--prefix", "task-4"),
    *("--search", "blue chair", "--waiting-for", "approval", "--overdue", "--top-level"),
    *("--parent", "task-1", "--created-from", "2026-01-01T00:00Z"),
    *("--created-to", "2026-01-02T00:00Z"),
)
INDEX = {"complete": False}


@pytest.fixture
def lists(orchestrator: FakeOrchestrator) -> FakeOrchestrator:
    """An orchestrator without instances."""
    page: dict[str, Any] = {"items": [], "next": None, "index": INDEX}
    summary = {"total": 0, "overdue": 0, "by_workflow": {}, "index": INDEX}
    orchestrator.answers["GET", "/instances"] = page
    orchestrator.answers["GET", "/instances/summary"] = summary
    bulk = {"operation": "pause", "count": 0, "remaining": 0, "instance_ids": [], "index": INDEX}
    orchestrator.answers["POST", "/instances:batch"] = bulk
    return orchestrator


@pytest.mark.parametrize("command", ["list", "summary"])
def test_a_filter_is_sent_by_the_names_of_the_api(
    lists: FakeOrchestrator, run: Callable[..., Result], command: str
) -> None:
    assert "there may be more" in run(command, *OPTIONS).output
    sent = [item for item in lists.requests[0].url.params.multi_items() if item[0] != "limit"]
    assert sent == [
        ("workflow", "task"),
        ("workflow", "order"),
        ("status", "RUNNING"),
        ("outcome", "failed"),
        ("outcome", "rejected"),
        ("id_prefix", "task-4"),
        ("q", "blue chair"),
        ("waiting_for", "approval"),
        ("overdue", "true"),
        ("parent", "task-1"),
        ("top_level", "true"),
        ("created_from", "2026-01-01T00:00Z"),
        ("created_to", "2026-01-02T00:00Z"),
    ]


def test_a_bulk_operation_takes_the_same_filter(
    lists: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    run("bulk", "pause", *OPTIONS, "--reason", "a break")
    assert lists.bodies()[0]["filter"] == {
        "workflow": ["task", "order"],
        "status": ["RUNNING"],
        "outcome": ["failed", "rejected"],
        "id_prefix": "task-4",
        "q": "blue chair",
        "waiting_for": "approval",
        "overdue": True,
        "parent": "task-1",
        "top_level": True,
        "created_from": "2026-01-01T00:00Z",
        "created_to": "2026-01-02T00:00Z",
    }


def test_options_that_are_not_given_are_not_sent(
    lists: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    run("summary")
    assert lists.requests[0].url.query == b""


@pytest.mark.parametrize("command", ["list", "summary", "bulk"])
def test_every_command_explains_the_filter(run: Callable[..., Result], command: str) -> None:
    text = " ".join(run(command, "--help").output.split())
    assert "Of this workflow; repeat for several." in text
    assert "Waiting for this event." in text
