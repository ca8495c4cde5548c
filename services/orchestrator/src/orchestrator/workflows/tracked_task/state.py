"""The state of a task's actor, and how each step changes it: rules, without I/O."""

from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import AwareDatetime, BaseModel, Field, computed_field

from contracts.fields import Key, Person, RequestId
from orchestrator.toolkit.lives import FIRST, life_of_key


class TaskState(StrEnum):
    """The state of a task; from `done` on, it has ended."""

    CREATED = "created"
    ASSIGNED = "assigned"
    DONE = "done"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    FAILED = "failed"


class ReminderName(StrEnum):
    """The reminders of a task: before its due time, and at it."""

    REMIND = "remind"
    ESCALATE = "escalate"


class Message(BaseModel):
    """The notification that a reminder sends."""

    key: Key = Field(description="Its idempotency key: sent once, however often it is retried")
    recipient: Person
    subject: str
    body: str


class ArmedReminder(BaseModel):
    """A reminder that has not fired yet."""

    name: ReminderName
    at: AwareDatetime = Field(description="When it fires")
    message: Message
    attempts: int = Field(default=0, description="How often it fired and the notification failed")
    fail_first: int = Field(default=0, description="How many attempts fail by injection")


class FiredReminder(BaseModel):
    """A reminder that is done: its notification was sent, or refused permanently."""

    name: ReminderName
    at: AwareDatetime = Field(description="When its notification was sent")
    recipient: Person
    attempts: int = Field(description="How many attempts it took")


class Reminders(BaseModel):
    """The reminders of a task."""

    armed: list[ArmedReminder] = []
    fired: list[FiredReminder] = []

    @computed_field(description="When the next one fires; null where none is armed")  # type: ignore[prop-decorator]
    @property
    def next(self) -> AwareDatetime | None:
        """When the next one fires."""
        return min((reminder.at for reminder in self.armed), default=None)


class HistoryEntry(BaseModel):
    """An entry of the task's history."""

    key: str = Field(
        description="The key of the step that wrote it; a repeated step adds no second entry"
    )
    at: AwareDatetime
    what: str
    by: str


class Create(BaseModel):
    """Create the task."""

    key: str
    task_id: RequestId
    title: str
    due: AwareDatetime | None
    by: str


class Record(BaseModel):
    """Add an entry to the history."""

    key: str
    what: str
    by: str


class Arm(Record):
    """Assign the task, and arm its reminders."""

    assignee: Person
    reminders: list[ArmedReminder]


class Finish(Record):
    """End the task, and disarm its reminders."""

    state: TaskState


class TrackedTask(BaseModel):
    """A task, as its actor stores it and the API shows it."""

    task_id: RequestId
    title: str
    state: TaskState
    assignee: Person | None = None
    due: AwareDatetime | None = None
    reminders: Reminders = Reminders()
    history: list[HistoryEntry] = Field(default=[], description="What happened, the oldest first")

    @classmethod
    def created(cls, step: Create, now: datetime) -> Self:
        """Return a new task."""
        entry = HistoryEntry(key=step.key, at=now, what="created", by=step.by)
        return cls(
            task_id=step.task_id,
            title=step.title,
            state=TaskState.CREATED,
            due=step.due,
            history=[entry],
        )

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self.state not in (TaskState.CREATED, TaskState.ASSIGNED)

    @property
    def life(self) -> int:
        """The life of the workflow that created it."""
        return life_of_key(self.history[0].key) if self.history else FIRST

    def is_before(self, key: str) -> bool:
        """Return whether the step of this key is of a later life than the task."""
        return life_of_key(key) > self.life

    def ignores(self, key: str) -> bool:
        """Return whether the step of this key is done, or of an earlier life than the task."""
        return self.has_step(key) or life_of_key(key) < self.life

    def has_step(self, key: str) -> bool:
        """Return whether the step of this key is in the history."""
        return any(entry.key == key for entry in self.history)

    def with_entry(self, step: Record, now: datetime) -> Self:
        """Return the task with one more entry."""
        entry = HistoryEntry(key=step.key, at=now, what=step.what, by=step.by)
        return self.model_copy(update={"history": [*self.history, entry]})

    def armed(self, step: Arm, now: datetime) -> Self:
        """Return the task with its assignee and reminders."""
        update = {
            "state": TaskState.ASSIGNED,
            "assignee": step.assignee,
            "reminders": Reminders(armed=step.reminders),
        }
        return self.with_entry(step, now).model_copy(update=update)

    def finished(self, step: Finish, now: datetime) -> Self:
        """Return the task as it ended, with nothing armed."""
        reminders = Reminders(fired=self.reminders.fired)
        update = {"state": step.state, "reminders": reminders}
        return self.with_entry(step, now).model_copy(update=update)

    def reminder(self, name: str) -> ArmedReminder | None:
        """Return the reminder of that name, unless it has fired or was never armed."""
        return next((r for r in self.reminders.armed if r.name == name), None)

    def with_failed_attempt(self, name: ReminderName) -> Self:
        """Return the task after a failed attempt at the notification of a reminder."""
        armed = [
            r.model_copy(update={"attempts": r.attempts + 1}) if r.name == name else r
            for r in self.reminders.armed
        ]
        reminders = self.reminders.model_copy(update={"armed": armed})
        return self.model_copy(update={"reminders": reminders})

    def fired(self, reminder: ArmedReminder, what: str, by: str, now: datetime) -> Self:
        """Return the task after the reminder is done."""
        fired = FiredReminder(
            name=reminder.name,
            at=now,
            recipient=reminder.message.recipient,
            attempts=reminder.attempts + 1,
        )
        reminders = Reminders(
            armed=[r for r in self.reminders.armed if r.name != reminder.name],
            fired=[*self.reminders.fired, fired],
        )
        entry = Record(key=reminder.message.key, what=what, by=by)
        return self.with_entry(entry, now).model_copy(update={"reminders": reminders})


class Reply(BaseModel):
    """The answer of each method of the actor; null where the task was never created.

    An exception in a method reaches the caller as another object, and by Dapr's HTTP API with the
    status 200: so what has no `task` is a failure.
    """

    task: TrackedTask | None
