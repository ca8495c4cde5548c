"""The state of a task's actor, and how each step changes it."""

from datetime import UTC, datetime, timedelta

from orchestrator.workflows.tracked_task.state import (
    Arm,
    ArmedReminder,
    Create,
    Finish,
    Message,
    ReminderName,
    TaskState,
    TrackedTask,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CREATE = Create(key="t:create", task_id="1", title="T", due=None, by="w")


def reminder(name: ReminderName, hours: int) -> ArmedReminder:
    message = Message(key=f"t:{name}", recipient="alice", subject="S", body="B")
    return ArmedReminder(name=name, at=NOW + timedelta(hours=hours), message=message)


REMIND, ESCALATE = reminder(ReminderName.REMIND, 1), reminder(ReminderName.ESCALATE, 2)
ARM = Arm(key="t:arm", what="assigned", by="w", assignee="alice", reminders=[ESCALATE, REMIND])
ASSIGNED = TrackedTask.created(CREATE, NOW).armed(ARM, NOW)


def test_a_new_task_has_no_reminders() -> None:
    task = TrackedTask.created(CREATE, NOW)
    assert (task.state, task.assignee, task.reminders.next) == (TaskState.CREATED, None, None)
    assert (task.has_step("t:create"), task.has_step("t:arm")) == (True, False)


def test_the_next_reminder_is_the_earliest() -> None:
    assert (ASSIGNED.state, ASSIGNED.assignee) == (TaskState.ASSIGNED, "alice")
    assert ASSIGNED.reminders.next == REMIND.at


def test_a_failed_attempt_counts_for_its_reminder_only() -> None:
    task = ASSIGNED.with_failed_attempt(ReminderName.REMIND)
    attempts = {armed.name: armed.attempts for armed in task.reminders.armed}
    assert attempts == {ReminderName.REMIND: 1, ReminderName.ESCALATE: 0}
    assert task.history == ASSIGNED.history


def test_a_fired_reminder_is_no_longer_armed_and_has_an_entry() -> None:
    failed = ASSIGNED.with_failed_attempt(ReminderName.REMIND).reminder("remind")
    assert failed is not None
    task = ASSIGNED.fired(failed, "alice was notified", "the actor's reminder", NOW)
    assert task.reminder("remind") is None
    assert task.reminders.next == ESCALATE.at
    [fired] = task.reminders.fired
    assert (fired.name, fired.recipient, fired.attempts) == (ReminderName.REMIND, "alice", 2)
    assert task.history[-1].key == "t:remind"


def test_the_end_disarms_and_keeps_what_has_fired() -> None:
    finish = Finish(key="t:end", what="done", by="alice", state=TaskState.DONE)
    task = ASSIGNED.fired(REMIND, "alice was notified", "the actor's reminder", NOW)
    ended = task.finished(finish, NOW)
    assert (ended.state, ended.reminders.armed) == (TaskState.DONE, [])
    assert ended.reminders.fired == task.reminders.fired
    assert [entry.key for entry in ended.history] == ["t:create", "t:arm", "t:remind", "t:end"]
