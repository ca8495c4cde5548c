"""What the commands call, and what they print."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from taskway import main as program
from taskway.api import Api
from taskway.errors import CommandError

WORKFLOW = {
    "name": "task",
    "start": "/tasks/process",
    "id_field": "task_id",
    "description": "Assigns",
    "events": [],
    "samples": {"completed": {"summary": "A task", "request": {"task_id": "42", "title": "T"}}},
}
SUMMARY = {
    "instance_id": "task-42",
    "workflow": "task",
    "status": "RUNNING",
    "created_at": "2026-01-01T00:00:00+00:00",
    "message": "Looking for [alice]",
}


class FakeOrchestrator:
    """Answers by method and path, and keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], Any] = {("GET", "/workflows"): [WORKFLOW]}
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.get((request.method, request.url.path))
        if isinstance(answer, list) and request.url.path == "/instances":
            answer = answer.pop(0)
        if answer is None:
            problem = {"title": "There is no such resource", "detail": "nothing [here]"}
            return httpx.Response(404, json=problem)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(200, json=answer)

    def bodies(self) -> list[Any]:
        return [json.loads(r.content) for r in self.requests if r.content]


@pytest.fixture
def orchestrator(monkeypatch: pytest.MonkeyPatch) -> FakeOrchestrator:
    fake = FakeOrchestrator()
    monkeypatch.setattr(program, "Api", lambda url: Api(url, transport=httpx.MockTransport(fake)))
    monkeypatch.setenv("TASKWAY_USER", "olga")
    monkeypatch.setenv("COLUMNS", "200")
    return fake


@pytest.fixture
def run(orchestrator: FakeOrchestrator) -> Callable[..., Result]:
    return lambda *args: CliRunner().invoke(program.app, args)


def test_a_sample_is_started_under_another_name(
    orchestrator: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    orchestrator.answers["POST", "/tasks/process"] = {"instance_id": "task-7"}
    result = run("start", "task", "--id", "7")
    assert "Started task-7" in result.output
    assert orchestrator.bodies() == [{"task_id": "7", "title": "T"}]


def test_a_request_may_come_from_a_file(
    orchestrator: FakeOrchestrator, run: Callable[..., Result], tmp_path: Any
) -> None:
    orchestrator.answers["POST", "/tasks/process"] = {"instance_id": "task-8"}
    (tmp_path / "task.json").write_text('{"task_id": "8"}')
    run("start", "task", f"@{tmp_path}/task.json")
    assert orchestrator.bodies() == [{"task_id": "8"}]


@pytest.mark.parametrize("request_", ["{", "[]", "@/nowhere.json"])
def test_what_is_no_request_starts_nothing(
    orchestrator: FakeOrchestrator, run: Callable[..., Result], request_: str
) -> None:
    assert isinstance(run("start", "task", request_).exception, CommandError)
    assert orchestrator.bodies() == []


def test_an_unknown_workflow_names_the_known(run: Callable[..., Result]) -> None:
    result = run("start", "nope")
    assert isinstance(result.exception, CommandError)
    assert "task" in str(result.exception)


def test_a_list_is_a_table_for_people_and_json_for_programs(
    orchestrator: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    page = {"items": [SUMMARY], "next": None}
    orchestrator.answers["GET", "/instances"] = [page, page]
    table = run("list", "--status", "running").output
    assert "task-42" in table
    assert "Looking for [alice]" in table
    assert json.loads(run("--json", "list").output) == [SUMMARY]
    assert orchestrator.requests[0].url.params.get_list("status") == ["RUNNING"]


def test_a_long_list_is_read_in_pages(
    orchestrator: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    orchestrator.answers["GET", "/instances"] = [
        {"items": [SUMMARY] * 200, "next": "here"},
        {"items": [SUMMARY] * 100, "next": "there"},
    ]
    assert len(json.loads(run("--json", "list", "--limit", "300").output)) == 300
    assert [r.url.params.get("cursor") for r in orchestrator.requests] == [None, "here"]
    assert [r.url.params["limit"] for r in orchestrator.requests] == ["200", "100"]


def test_one_that_is_refused_does_not_keep_the_others_from_it(
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


def test_a_decision_says_who_decides(
    orchestrator: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    orchestrator.answers["POST", "/waiting/purchase-1/approval/decide"] = {}
    assert "goes on" in run("decide", "purchase-1", "approval", '{"approved": true}').output
    assert orchestrator.bodies() == [{"by": "olga", "payload": {"approved": True}}]


@pytest.mark.parametrize(("ok", "code"), [(True, 0), (False, 1)])
def test_the_doctor_fails_where_something_is_wrong(
    orchestrator: FakeOrchestrator, run: Callable[..., Result], ok: bool, code: int
) -> None:
    check = {"name": "store", "ok": ok, "detail": "answers", "advice": None if ok else "Start it"}
    orchestrator.answers["GET", "/system"] = {"checks": [check]}
    result = run("doctor")
    assert result.exit_code == code
    assert ("Start it" in result.output) is not ok


def test_who_does_not_answer_is_named(
    orchestrator: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    orchestrator.answers["GET", "/workflows"] = httpx.ConnectError("refused")
    result = run("--url", "http://nowhere:1", "workflows")
    assert isinstance(result.exception, CommandError)
    assert "http://nowhere:1" in str(result.exception)
