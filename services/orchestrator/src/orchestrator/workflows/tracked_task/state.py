"""What the actor of a task keeps, and how each step changes it: rules, without I/O."""

from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import AwareDatetime, BaseModel, Field, computed_field

from contracts.fields import Key, Person, RequestId


class TaskState(StrEnum):
    """How far a task is; from `done` on, it has ended."""

    CREATED = "created"
    ASSIGNED = "assigned"
    DONE = "done"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    FAILED = "failed"


class ReminderName(StrEnum):
    """What the actor watches for."""

    REMIND = "remind"
    ESCALATE = "escalate"


class Message(BaseModel):
    """What somebody is told when a reminder fires."""

    key: Key = Field(description="Under which it is told once, however often it is tried")
    recipient: Person
    subject: str
    body: str


class Armed(BaseModel):
    """A reminder that has not fired yet."""

    name: ReminderName
    at: AwareDatetime = Field(description="When it fires")
    message: Message
    attempts: int = Field(default=0, description="How often it fired, and nobody could be told")
    fail_first: int = Field(default=0, description="How many attempts were asked to fail")


class Fired(BaseModel):
    """A reminder that has done its work."""

    name: ReminderName
    at: AwareDatetime = Field(description="When it was done")
    recipient: Person
    attempts: int = Field(description="How often it took to tell, the last time included")


class Reminders(BaseModel):
    """The watch over the due time."""

    armed: list[Armed] = []
    fired: list[Fired] = []

    @computed_field(description="When the next one fires; null where none is armed")  # type: ignore[prop-decorator]
    @property
    def next(self) -> AwareDatetime | None:
        """When the next one fires."""
        return min((reminder.at for reminder in self.armed), default=None)


class Entry(BaseModel):
    """Something that happened to the task."""

    key: str = Field(description="The step that wrote it: a step that is repeated writes no second")
    at: AwareDatetime
    what: str
    by: str


class Create(BaseModel):
    """The first step."""

    key: str
    task_id: RequestId
    title: str
    due: AwareDatetime | None
    by: str


class Record(BaseModel):
    """A step that leaves a line in the history."""

    key: str
    what: str
    by: str


class Arm(Record):
    """The task got somebody to do it: watch over it from now on."""

    assignee: Person
    reminders: list[Armed]


class Finish(Record):
    """The task has ended: watch no longer."""

    state: TaskState


class TrackedTask(BaseModel):
    """A task, as its actor keeps it and everybody may read it."""

    task_id: RequestId
    title: str
    state: TaskState
    assignee: Person | None = None
    due: AwareDatetime | None = None
    reminders: Reminders = Reminders()
    history: list[Entry] = Field(default=[], description="What happened, the oldest first")

    @classmethod
    def created(cls, step: Create, now: datetime) -> Self:
        """Return a new task."""
        entry = Entry(key=step.key, at=now, what="created", by=step.by)
        return cls(
            task_id=step.task_id,
            title=step.title,
            state=TaskState.CREATED,
            due=step.due,
            history=[entry],
        )

    def knows(self, key: str) -> bool:
        """Say whether the step of this key was taken."""
        return any(entry.key == key for entry in self.history)

    def recorded(self, step: Record, now: datetime) -> Self:
        """Return the task with a line more."""
        entry = Entry(key=step.key, at=now, what=step.what, by=step.by)
        return self.model_copy(update={"history": [*self.history, entry]})

    def armed(self, step: Arm, now: datetime) -> Self:
        """Return the task with its assignee and reminders."""
        update = {
            "state": TaskState.ASSIGNED,
            "assignee": step.assignee,
            "reminders": Reminders(armed=step.reminders),
        }
        return self.recorded(step, now).model_copy(update=update)

    def finished(self, step: Finish, now: datetime) -> Self:
        """Return the task as it ended, with nothing armed."""
        reminders = Reminders(fired=self.reminders.fired)
        update = {"state": step.state, "reminders": reminders}
        return self.recorded(step, now).model_copy(update=update)

    def reminder(self, name: str) -> Armed | None:
        """Return the reminder of that name, unless it has fired or was never armed."""
        return next((r for r in self.reminders.armed if r.name == name), None)

    def tried(self, name: ReminderName) -> Self:
        """Return the task after an attempt to tell somebody that failed."""
        armed = [
            r.model_copy(update={"attempts": r.attempts + 1}) if r.name == name else r
            for r in self.reminders.armed
        ]
        reminders = self.reminders.model_copy(update={"armed": armed})
        return self.model_copy(update={"reminders": reminders})

    def fired(self, reminder: Armed, what: str, by: str, now: datetime) -> Self:
        """Return the task after a reminder has done its work."""
        fired = Fired(
            name=reminder.name,
            at=now,
            recipient=reminder.message.recipient,
            attempts=reminder.attempts + 1,
        )
        reminders = Reminders(
            armed=[r for r in self.reminders.armed if r.name != reminder.name],
            fired=[*self.reminders.fired, fired],
        )
        line = Record(key=reminder.message.key, what=what, by=by)
        return self.recorded(line, now).model_copy(update={"reminders": reminders})


class Reply(BaseModel):
    """What each method of the actor answers; null where the task was never created.

    An exception in a method reaches the caller as another object, and by Dapr's HTTP API with the
    status 200: so what has no `task` is a failure.
    """

    task: TrackedTask | None
