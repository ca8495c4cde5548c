"""A kill of a process: what is compared, and what is said of it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_system import AFTER, BEFORE, INSTANCE, WORKFLOW, FakeSystem, event_bodies, step
from typer.testing import CliRunner, Result

from taskway import main as program
from taskway.chaos import experiment
from taskway.chaos.effects import people_in
from taskway.chaos.experiment import Experiment, Findings
from taskway.chaos.points import Point, choose_point
from taskway.chaos.run import Run, View
from taskway.commands import chaos
from taskway.errors import CommandError


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> FakeSystem:
    fake = FakeSystem()
    monkeypatch.setattr(chaos, "LocalTarget", lambda *_: fake)
    monkeypatch.setattr(experiment, "PATIENT_POLL_SECONDS", 0.001)
    monkeypatch.setenv("COLUMNS", "200")
    return fake


@pytest.fixture
def kill(system: FakeSystem) -> Callable[..., Result]:
    return lambda *args: CliRunner().invoke(program.app, ["chaos", "kill", *args])


def test_what_was_done_before_and_not_twice_is_shown(
    system: FakeSystem, kill: Callable[..., Result]
) -> None:
    result = kill("orchestrator")
    assert result.exit_code == 0, result.output
    for part in (
        "killed orchestrator (pid 1, SIGKILL) at send_notification",
        "assign_task completed",
        "send_notification under way",
        "orchestrator is back as pid 2",
        "ended completed",
        "Lost nothing",
        "Done twice nothing",
        f"1 x {INSTANCE}:assign at the assigner",
        f"1 x {INSTANCE}:notify at the notifier",
        "attempts: the notifier got 2 requests",
    ):
        assert part in result.stdout
    assert "task-41" not in result.stdout
    assert system.held == ["notifier"]


def test_an_effect_that_is_there_twice_fails(
    system: FakeSystem, kill: Callable[..., Result]
) -> None:
    system.inbox.append(f"{INSTANCE}:notify")
    result = kill("orchestrator")
    assert result.exit_code == 1
    assert f"Done twice {INSTANCE}:notify" in result.stdout


@pytest.mark.parametrize(
    ("broken", "lost"),
    [
        ({"inbox": []}, [f"effect {INSTANCE}:notify"]),
        ({"assignments": []}, [f"effect {INSTANCE}:assign"]),
        ({"after": AFTER[1:]}, ["step assign_task"]),
        ({"outcome": "failed"}, ["the outcome: failed"]),
        ({"status": "FAILED"}, ["the outcome: completed"]),
    ],
)
def test_what_is_lost_fails(
    system: FakeSystem, kill: Callable[..., Result], broken: dict[str, Any], lost: list[str]
) -> None:
    for name, value in broken.items():
        setattr(system, name, value)
    result = CliRunner().invoke(program.app, ["--json", "chaos", "kill", "orchestrator"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["lost"] == lost


def test_json_has_it_for_programs(system: FakeSystem) -> None:
    result = CliRunner().invoke(program.app, ["--json", "chaos", "kill", "notifier"])
    found = json.loads(result.stdout)
    assert (found["victim"], found["at"], found["outcome"]) == (
        "notifier",
        "send_notification",
        "completed",
    )
    assert found["steps_before"] == ["assign_task", "send_notification"]
    assert {(e["key"], e["times"]) for e in found["effects"]} == {
        (f"{INSTANCE}:assign", 1),
        (f"{INSTANCE}:notify", 1),
    }
    # One that was killed counts from 0 again.
    assert found["requests"] == {"assigner": 2, "notifier": 7}


def test_an_outage_after_the_kill_is_waited_for(
    system: FakeSystem, kill: Callable[..., Result]
) -> None:
    system.unavailable = 20
    result = kill("orchestrator-sidecar")
    assert result.exit_code == 0, result.output
    assert system.unavailable == 0


def test_an_event_that_is_waited_for_is_sent_once_under_a_key(system: FakeSystem) -> None:
    system.waits = [{"event": "approval"}]
    events = [{"event": "approval", "payload": {"approved": True}, "after_seconds": 0}]
    sample = {**WORKFLOW["samples"]["first"], "events": events}
    find(system, Run(system.orchestrator, WORKFLOW, sample))
    assert event_bodies(system) == [{"approved": True}]
    assert system.events[0].headers["idempotency-key"] == f"{INSTANCE}-1"


def find(system: FakeSystem, run: Run, timeout: float = 10) -> Findings:
    point = Point("assign_task", ())
    return Experiment(system, run, "redis", point, timeout, lambda _: None).make()


def test_an_instance_that_does_not_end_in_time_is_an_error(system: FakeSystem) -> None:
    system.waits = [{"event": "approval"}]
    run = Run(system.orchestrator, WORKFLOW, WORKFLOW["samples"]["first"])
    with pytest.raises(CommandError, match=r"Waited 0\.1 s for task-42 to end: see `taskway show"):
        find(system, run, timeout=0.1)


def test_a_service_that_is_not_ready_is_not_back(system: FakeSystem) -> None:
    system.warnings = {"warnings": ["no worker"]}
    run = Run(system.orchestrator, WORKFLOW, WORKFLOW["samples"]["first"])
    with pytest.raises(CommandError, match="to end"):
        find(system, run, timeout=0.1)


def test_an_unknown_workflow_or_sample_is_refused(
    system: FakeSystem, kill: Callable[..., Result]
) -> None:
    assert "there are: task" in str(kill("redis", "--workflow", "nope").exception)
    assert "there are: first" in str(kill("redis", "--sample", "nope").exception)
    assert system.killed is None


@pytest.mark.parametrize(
    ("victim", "at", "expected"),
    [
        ("orchestrator", None, Point(None, ("notifier",))),
        ("assigner-sidecar", None, Point(None, ("assigner", "notifier"))),
        ("redis", "assign_task", Point("assign_task", ("assigner",))),
        ("redis", "notify_customer", Point("notify_customer", ("notifier",))),
        ("redis", "approval", Point("approval", ())),
        ("redis", "start", Point("start", ())),
    ],
)
def test_the_service_that_a_step_calls_is_held(
    victim: str, at: str | None, expected: Point
) -> None:
    assert choose_point(victim, at, can_hold=True) == expected


def test_where_nothing_can_be_held_it_is_killed_at_the_first_wait() -> None:
    point = choose_point("assigner", None, can_hold=False)
    assert point == Point(None, ())
    assert point.reached(view(*BEFORE)) is None
    assert point.reached(view(*BEFORE, step(3, "approval", "running", kind="event"))) == "approval"
    assert choose_point("redis", "assign_task", can_hold=False) == Point("assign_task", ())


def test_in_a_cluster_what_waits_runs_and_its_event_is_sent_after_the_kill(
    system: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    system.can_hold = False
    wait = step(3, "approval", "running", kind="event")
    system.before = [*AFTER, wait]
    system.after = [*AFTER, {**wait, "status": "completed", "ended_at": wait["started_at"]}]
    system.waits = [{"event": "approval"}]
    events = [{"event": "approval", "payload": {"approved": True}, "after_seconds": 0}]
    sample = {**WORKFLOW["samples"]["first"], "events": events}
    system.workflows.append({**WORKFLOW, "name": "purchase", "samples": {"approved": sample}})
    monkeypatch.setattr(chaos, "KubernetesTarget", lambda *_: system)
    result = CliRunner().invoke(program.app, ["chaos", "kill", "orchestrator", "--kubernetes"])
    assert result.exit_code == 0, result.output
    killed, sent = (result.stdout.index(line) for line in ("at approval", "sent approval"))
    assert killed < sent
    assert event_bodies(system) == [{"approved": True}]
    assert not system.held


def test_in_a_cluster_what_never_waits_is_an_error_that_says_what_to_do(
    system: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    system.can_hold = False
    monkeypatch.setattr(system, "detail", lambda: {"status": "COMPLETED", "custom_status": None})
    monkeypatch.setattr(chaos, "KubernetesTarget", lambda *_: system)
    result = CliRunner().invoke(
        program.app, ["chaos", "kill", "orchestrator", "--kubernetes", "--workflow", "task"]
    )
    assert str(result.exception) == (
        f"{INSTANCE} ended without a wait. Its steps were: assign_task, send_notification; "
        "name one, or start, with --at"
    )
    assert system.killed is None


def view(*steps: dict[str, Any], at: str = "") -> View:
    return View({"status": "RUNNING", "custom_status": {"step": at}}, list(steps))


def test_a_point_is_reached_by_its_step() -> None:
    first = Point(None, ("notifier",))
    assert first.reached(view(*BEFORE)) == "send_notification"
    assert first.reached(view(BEFORE[0])) is None
    assert first.reached(view(step(1, "assign_task", "running"))) is None
    assert first.reached(view(step(1, "timer", "running", kind="timer"))) == "timer"
    assert first.reached(view(step(1, "timer", kind="timer"))) is None
    named = Point("assign_task", ("assigner",))
    assert named.reached(view(*BEFORE)) == "assign_task"
    assert named.reached(view(at="assign_task")) == "assign_task"
    assert named.reached(view(at="release_assignment")) is None
    assert Point("start", ()).reached(view()) == "start"


def test_a_point_that_is_not_there_is_an_error_with_the_steps(
    system: FakeSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system, "detail", lambda: {"status": "COMPLETED", "custom_status": None})
    run = Run(system.orchestrator, WORKFLOW, WORKFLOW["samples"]["first"])
    test = Experiment(system, run, "redis", Point("nope", ()), 10, lambda _: None)
    with pytest.raises(CommandError, match=r"ended without nope\. Its steps were: assign_task, s"):
        test.make()


def test_people_are_found_wherever_they_are_named() -> None:
    value = {
        "assignee": "alice",
        "lines": [{"to": "bob@example.com"}, "carol@example.com"],
        "title": "Mail dave@example.com and wait",
        "approver": None,
    }
    assert list(people_in(value)) == ["alice", "bob@example.com", "carol@example.com"]


def test_the_url_of_the_user_is_compared_with_that_of_the_stack(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []

    def target(_: object, run_dir: Path | None, url: str | None) -> None:
        asked.append((run_dir, url))
        raise CommandError("enough")

    monkeypatch.setattr(chaos, "LocalTarget", target)
    monkeypatch.delenv("TASKWAY_URL", raising=False)
    monkeypatch.delenv("RUN_DIR", raising=False)
    CliRunner().invoke(program.app, ["chaos", "kill", "redis"])
    CliRunner().invoke(
        program.app, ["--url", "http://x", "chaos", "kill", "redis", "--run-dir", "/r"]
    )
    assert asked == [(None, None), (Path("/r"), "http://x")]
