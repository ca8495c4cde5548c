"""The requests of the commands, and their output."""

import json
from collections import deque
from collections.abc import Callable
from importlib.metadata import version

import httpx
import pytest
from fake_orchestrator import FakeOrchestrator
from typer.testing import Result

from taskway.errors import CommandError

SUMMARY = {
    "instance_id": "task-42",
    "workflow": "task",
    "status": "RUNNING",
    "created_at": "2026-01-01T00:00:00+00:00",
    "message": "Looking for [alice]",
}


def test_an_unknown_workflow_names_the_known(run: Callable[..., Result]) -> None:
    result = run("start", "nope")
    assert isinstance(result.exception, CommandError)
    assert "task" in str(result.exception)


def test_a_list_is_printed_as_a_table_or_as_json(
    orchestrator: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    page = {"items": [SUMMARY], "next": None}
    orchestrator.answers["GET", "/instances"] = page
    table = run("list", "--status", "running").output
    assert "task-42" in table
    assert "Looking for [alice]" in table
    assert json.loads(run("--json", "list").output) == [SUMMARY]
    assert orchestrator.requests[0].url.params.get_list("status") == ["RUNNING"]


def test_a_long_list_is_fetched_by_pages(
    orchestrator: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    orchestrator.answers["GET", "/instances"] = deque(
        [
            {"items": [SUMMARY] * 200, "next": "here"},
            {"items": [SUMMARY] * 100, "next": "there"},
        ]
    )
    assert len(json.loads(run("--json", "list", "--limit", "300").output)) == 300
    assert [r.url.params.get("cursor") for r in orchestrator.requests] == [None, "here"]
    assert [r.url.params["limit"] for r in orchestrator.requests] == ["200", "100"]


def test_an_id_is_percent_encoded(
    orchestrator: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    assert isinstance(run("pause", "a/b?c", "--reason", "a break").exception, CommandError)
    assert orchestrator.requests[0].url.raw_path == b"/instances/a%2Fb%3Fc/pause"


def test_the_removal_of_a_torn_instance_says_what_was_compensated(
    orchestrator: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    orchestrator.answers["POST", "/instances/task-42/remove-torn"] = {
        "instance_id": "task-42",
        "compensated": ["task-42:assign"],
    }
    orchestrator.answers["POST", "/instances/task-43/remove-torn"] = {
        "instance_id": "task-43",
        "compensated": [],
    }
    result = run("remove-torn", "task-42", "task-43", "--reason", "its history is lost")
    assert result.output.splitlines() == [
        "task-42 is removed; compensated: task-42:assign",
        "task-43 is removed; compensated: nothing",
    ]
    assert json.loads(orchestrator.requests[0].content) == {
        "reason": "its history is lost",
        "by": "olga",
    }


@pytest.mark.parametrize(
    ("command", "method", "path"),
    [
        (("pause", "plants"), "POST", "/schedules/plants/pause"),
        (("resume", "plants"), "POST", "/schedules/plants/resume"),
        (("put", "plants", "task", "{}", "--every", "5"), "PUT", "/schedules/plants"),
        (("delete", "plants"), "DELETE", "/schedules/plants"),
    ],
)
def test_a_change_of_a_schedule_sends_the_user(
    orchestrator: FakeOrchestrator,
    run: Callable[..., Result],
    command: tuple[str, ...],
    method: str,
    path: str,
) -> None:
    orchestrator.answers[method, path] = {"id": "plants", "next_at": "2026-01-01T00:00:00Z"}
    assert run("schedule", *command).exit_code == 0
    assert orchestrator.requests[0].url.params["by"] == "olga"


def test_an_instance_is_shown_by_its_fields(
    orchestrator: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    detail = {
        **SUMMARY,
        "version": None,
        "custom_status": {"message": "Looking for [alice]"},
        "why": [{"text": "activity assign_task: attempt 1 of 3"}],
        "duration_seconds": 18.2,
        "trace_url": None,
        "trace_id": "83cf",
        "input": {"title": "T"},
        **dict.fromkeys(("parent", "rerun_of", "output", "error")),
        "children": [],
    }
    orchestrator.answers["GET", "/instances/task-42"] = detail
    orchestrator.answers["GET", "/instances/task-42/history"] = {"steps": []}
    shown = [line.split() for line in run("show", "task-42").output.splitlines()]
    assert shown[:-1] == [
        ["task-42", "RUNNING"],
        ["Workflow", "task"],
        ["Message", "Looking", "for", "[alice]"],
        ["Why", "it", "waits", "activity", "assign_task:", "attempt", "1", "of", "3"],
        ["Started", "2026-01-01T00:00:00+00:00"],
        ["Duration", "18", "s"],
        ["Trace", "83cf"],
        ["Input", '{"title":', '"T"}'],
    ]


@pytest.mark.parametrize("last", ["RUNNING", "COMPLETED"])
def test_a_watch_that_ends_before_the_instance_fails(
    orchestrator: FakeOrchestrator, run: Callable[..., Result], last: str
) -> None:
    moved = json.dumps({"status": last, "custom_status": {"message": "Off to [alice]"}, "why": []})
    stream = httpx.Response(200, text=f"event: instance\ndata: {moved}\n\n: ping\n\n")
    orchestrator.answers["GET", "/instances/task-7/stream"] = stream
    result = run("watch", "task-7")
    assert "Off to [alice]" in result.output
    assert isinstance(result.exception, CommandError) is (last == "RUNNING")


def test_a_refused_instance_does_not_stop_the_others(
    orchestrator: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    orchestrator.answers["POST", "/instances/task-2/pause"] = {
        "instance_id": "task-2",
        "status": "SUSPENDED",
    }
    result = run("pause", "task-1", "task-2", "--reason", "a break")
    assert "task-2 is SUSPENDED" in result.output
    assert str(result.exception).startswith("task-1: 404 There is no such resource: nothing [here]")
    assert orchestrator.bodies()[1] == {"reason": "a break", "by": "olga", "children": False}


def test_a_decision_sends_the_user(
    orchestrator: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    orchestrator.answers["POST", "/waiting/purchase-1/approval/decide"] = {}
    assert "continues" in run("decide", "purchase-1", "approval", '{"approved": true}').output
    assert orchestrator.bodies() == [{"by": "olga", "payload": {"approved": True}}]


@pytest.mark.parametrize(
    ("path", "args"),
    [
        ("/instances/purchase-1/events/approval", ("send", "purchase-1", "approval", "{}")),
        ("/waiting/purchase-1/approval/decide", ("decide", "purchase-1", "approval", "{}")),
        ("/waiting/purchase-1/approval/claim", ("claim", "purchase-1", "approval")),
        ("/waiting/purchase-1/approval/release", ("release", "purchase-1", "approval")),
    ],
)
def test_the_wait_that_is_meant_can_be_named(
    orchestrator: FakeOrchestrator, run: Callable[..., Result], path: str, args: tuple[str, ...]
) -> None:
    orchestrator.answers["POST", path] = {}
    wait = "purchase-1:approval.2"
    for more in ((), ("--wait-id", wait)):
        assert run(*args, *more).exit_code == 0
    asked = [dict(request.url.params) for request in orchestrator.requests]
    assert asked == [{}, {"wait_id": wait}]


@pytest.mark.parametrize(("ok", "code"), [(True, 0), (False, 1)])
def test_the_doctor_fails_where_a_check_fails(
    orchestrator: FakeOrchestrator, run: Callable[..., Result], ok: bool, code: int
) -> None:
    check = {"name": "store", "ok": ok, "detail": "answers", "advice": None if ok else "Start it"}
    orchestrator.answers["GET", "/system"] = {"checks": [check]}
    result = run("doctor")
    assert result.exit_code == code
    assert ("Start it" in result.output) is not ok


def test_a_warning_does_not_fail_the_doctor(
    orchestrator: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    check = {"name": "versions", "ok": True, "detail": "Dapr 1.16.9", "advice": "Run Dapr 1.18"}
    orchestrator.answers["GET", "/system"] = {"checks": [check]}
    result = run("doctor")
    assert result.exit_code == 0
    assert "! versions" in result.output
    assert "Run Dapr 1.18" in result.output


@pytest.mark.parametrize("runtime", ["1.18.2", None])
def test_the_versions_of_both_sides_are_shown(
    orchestrator: FakeOrchestrator, run: Callable[..., Result], runtime: str | None
) -> None:
    versions = {"orchestrator": "0.9", "dapr_runtime": runtime, "dapr_sdk": "1.19.0"}
    orchestrator.answers["GET", "/version"] = versions
    shown = run("version").output.splitlines()
    assert shown[0] == f"taskway {version('taskway-cli')}"
    assert shown[1:] == [
        "orchestrator 0.9",
        f"Dapr runtime {runtime or 'unknown: its sidecar does not answer'}",
        "Dapr Python SDK 1.19.0",
    ]
    assert json.loads(run("--json", "version").output) == versions


def test_an_orchestrator_that_does_not_answer_is_named(
    orchestrator: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    orchestrator.answers["GET", "/workflows"] = httpx.ConnectError("refused")
    result = run("--url", "http://nowhere:1", "workflows")
    assert isinstance(result.exception, CommandError)
    assert "http://nowhere:1" in str(result.exception)


def test_a_server_that_is_not_taskway_is_recognised(
    orchestrator: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    orchestrator.answers["GET", "/workflows"] = httpx.Response(200, text="<html>")
    result = run("workflows")
    assert isinstance(result.exception, CommandError)
    assert "not Taskway" in str(result.exception)


def test_the_audit_trail_is_exported_as_lines(
    orchestrator: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    lines = '{"id": "2"}\n{"id": "1"}\n'
    orchestrator.answers["GET", "/audit/export"] = httpx.Response(200, text=lines)
    assert run("audit", "--export").output == lines
