"""The actor of a task, in the SDK's runtime and over a store in memory."""

from collections.abc import Callable
from typing import Any

import pytest
from unit_support.task_actor import CREATE, DUE, FINISH, TOLD, Crash, Host, arm

from orchestrator.toolkit.peer_errors import PeerUnavailable
from orchestrator.toolkit.peers.peer import PeerRefused
from orchestrator.workflows.tracked_task.actor.task_actor import ReminderUndelivered


@pytest.fixture
async def host() -> Host:
    """An actor with an assigned task and armed reminders."""
    host = Host()
    await host.call("Create", CREATE)
    await host.call("Arm", arm())
    return host


async def test_an_actor_without_a_task_refuses_its_steps() -> None:
    host = Host()
    assert await host.call("Get") is None
    assert host.sidecar.state == {}
    with pytest.raises(LookupError, match="never created"):
        await host.call("Record", TOLD)


async def test_a_repeated_step_adds_one_entry(host: Host) -> None:
    for method, step in [("Create", CREATE), ("Arm", arm()), ("Record", TOLD), ("Finish", FINISH)]:
        await host.call(method, step)
        host.restart()
        await host.call(method, step)
    assert await host.keys() == ["t:create", "t:assigned", "t:told", "t:end"]


async def test_reminders_are_registered_to_retry_without_a_limit(host: Host) -> None:
    assert set(host.sidecar.reminders) == {"remind", "escalate"}
    for reminder in host.sidecar.reminders.values():
        # No maximum: Dapr retries without a limit.
        assert list(reminder["failurePolicy"]["constant"]) == ["interval"]
    assert (await host.task()).reminders.next == DUE


async def test_a_reminder_notifies_once_however_often_it_fires(host: Host) -> None:
    await host.fire("remind")
    await host.fire("remind")
    assert list(host.notifier.sent) == ["t:remind"]
    task = await host.task()
    assert [r.name for r in task.reminders.fired] == ["remind"]
    assert [r.name for r in task.reminders.armed] == ["escalate"]
    assert await host.keys() == ["t:create", "t:assigned", "t:remind"]


async def test_a_failed_reminder_is_counted_and_fires_again(host: Host) -> None:
    host.notifier.error = PeerUnavailable("down")
    for count in (1, 2):
        with pytest.raises(ReminderUndelivered):
            await host.fire("remind")
        host.restart()
        armed = (await host.task()).reminder("remind")
        assert armed is not None
        assert armed.attempts == count
    host.notifier.error = None
    await host.fire("remind")
    assert (await host.task()).reminders.fired[0].attempts == 3


async def test_a_refused_reminder_is_not_retried(host: Host) -> None:
    host.notifier.error = PeerRefused(422, None, "no such address")
    await host.fire("remind")
    [*_, last] = (await host.task()).history
    assert last.what == "remind: alice cannot be notified: no such address"


async def test_an_unexpected_error_in_a_turn_saves_nothing(host: Host) -> None:
    host.notifier.error = ValueError("a bug")
    with pytest.raises(ValueError, match="a bug"):
        await host.fire("remind")
    assert await host.keys() == ["t:create", "t:assigned"]


async def test_the_reminders_that_are_armed_are_registered_again(host: Host) -> None:
    registered = dict(host.sidecar.reminders)
    host.sidecar.reminders.clear()
    await host.call("Rearm")
    assert set(host.sidecar.reminders) == set(registered)
    await host.fire("remind")
    host.sidecar.reminders.clear()
    await host.call("Rearm")
    assert set(host.sidecar.reminders) == {"escalate"}


async def test_an_actor_without_a_task_has_nothing_to_register(host: Host) -> None:
    await host.call("Finish", FINISH)
    host.sidecar.reminders.clear()
    await host.call("Rearm")
    assert host.sidecar.reminders == {}


async def test_the_end_disarms_the_reminders_and_has_the_state_expire(host: Host) -> None:
    assert host.sidecar.ttl == {}
    await host.call("Finish", FINISH)
    assert host.sidecar.reminders == {}
    assert host.sidecar.ttl == {"task": 30 * 24 * 3600}
    await host.fire("escalate")
    assert host.notifier.sent == {}
    task = await host.task()
    assert task.state == "done"
    assert task.reminders.next is None


async def test_the_reminder_of_an_earlier_release_removes_an_ended_task(host: Host) -> None:
    await host.fire("forget")
    assert (await host.task()).state == "assigned"
    await host.call("Finish", FINISH)
    await host.fire("forget")
    assert await host.call("Get") is None


async def create(host: Host) -> None:
    await host.call("Create", CREATE)


async def armed(host: Host) -> None:
    await host.call("Arm", arm())


async def remind(host: Host) -> None:
    await host.fire("remind")


async def finish(host: Host) -> None:
    await host.call("Finish", FINISH)


@pytest.mark.parametrize("writes", range(7))
@pytest.mark.parametrize("restarts", [True, False])
async def test_every_step_can_be_retried_after_a_crash_at_any_write(
    writes: int, restarts: bool
) -> None:
    """At whichever write it happens, and also where only the sidecar fails and the actor stays."""
    host = Host()
    steps: list[Callable[[Host], Any]] = [create, armed, remind, finish]
    host.sidecar.writes_until_crash = writes
    crashed = False
    for step in steps:
        try:
            await step(host)
        except Crash:
            host.sidecar.writes_until_crash = None
            crashed = True
            if restarts:
                host.restart()
            await step(host)
    assert crashed
    assert await host.keys() == ["t:create", "t:assigned", "t:remind", "t:end"]
    assert list(host.notifier.sent) == ["t:remind"]
    assert host.sidecar.reminders == {}
    assert set(host.sidecar.ttl) == {"task"}


SECOND = CREATE | {"key": "t:life2:create", "title": "Again"}


async def test_a_later_life_of_the_workflow_replaces_the_task_and_what_was_armed(
    host: Host,
) -> None:
    await host.call("Finish", FINISH)
    host.sidecar.reminders["forget"] = {}
    for _ in range(2):
        await host.call("Create", SECOND)
        task = await host.task()
        assert (task.title, task.state, await host.keys()) == (
            "Again",
            "created",
            ["t:life2:create"],
        )
        assert host.sidecar.reminders == {}
        assert host.sidecar.ttl == {}


async def test_a_later_life_replaces_a_task_that_did_not_end(host: Host) -> None:
    await host.call("Create", SECOND)
    assert await host.keys() == ["t:life2:create"]
    assert host.sidecar.reminders == {}


async def test_a_step_of_an_earlier_life_that_comes_late_changes_nothing(host: Host) -> None:
    second = await host.call("Create", SECOND)
    for method, step in (("Create", CREATE), ("Record", TOLD), ("Arm", arm()), ("Finish", FINISH)):
        assert await host.call(method, step) == second
    assert host.sidecar.reminders == {}


async def test_the_reminder_that_forgets_a_task_leaves_a_later_life_alone(host: Host) -> None:
    await host.call("Finish", FINISH)
    await host.call("Create", SECOND)
    await host.fire("forget")
    assert await host.keys() == ["t:life2:create"]
