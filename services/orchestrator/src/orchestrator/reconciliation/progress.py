"""What is late in an instance, by its history. No I/O."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from orchestrator.dapr_sdk.task_refresh import OpenTasks
from orchestrator.dapr_sdk.values import to_datetime, to_datetime_or_never
from orchestrator.engine.client import WakeUp

LONG_PAUSE = timedelta(minutes=1)


class LateKind(StrEnum):
    """What an instance waits for that should have come."""

    PENDING = "pending"
    """Its first turn."""
    TIMER = "timer"
    """A timer, the end of a wait, or the next attempt at a step."""
    ACTIVITY = "activity"
    """An activity that was scheduled, and does not run."""
    TURN = "turn"
    """A turn for what has happened already."""
    REMINDER = "reminder"
    """A reminder of its actor."""
    STALLED = "stalled"
    """Code that can run it; nothing wakes it."""


@dataclass(frozen=True)
class Late:
    """Something that is late.

    Args:
        kind: What it is.
        since: When it was due, in UTC.
        what: Which one, for people.
    """

    kind: LateKind
    since: datetime
    what: str


@dataclass(frozen=True)
class Outlook:
    """What an instance waits for.

    Args:
        late: What should have come by now.
        lost: Which wake-ups are to be created again.
        wake_up_at: When its next timer fires, or should have.
        look_again_at: When something may be late, unless it changes before; None where nothing
            can be.
    """

    late: tuple[Late, ...] = ()
    lost: WakeUp = field(default_factory=WakeUp)
    wake_up_at: datetime | None = None
    look_again_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a history does not say.

    Args:
        now: The current time.
        after: How late something is before it counts as lost.
        runs_here: Returns whether the activity that an event scheduled runs in this process.
        child_ended: Returns whether a child workflow has ended.
        code_is_ahead: Whether the code decides more than the history says: a turn is missing.
    """

    now: datetime
    after: timedelta
    runs_here: Callable[[int], bool]
    child_ended: Callable[[str], bool]
    code_is_ahead: bool


def outlook_of(history: Sequence[Any], around: Surroundings) -> Outlook:
    """Return what an instance that runs waits for.

    Args:
        history: Its events, in order; not empty.
        around: What else is known.
    """
    open_ = OpenTasks.of(history)
    timers = {
        id_: due
        for id_, event in open_.timers.items()
        if (due := to_datetime_or_never(event.timerCreated.fireAt)) is not None
    }
    activities = {
        id_: to_datetime(event.timestamp)
        for id_, event in open_.activities.items()
        if not around.runs_here(id_)
    }
    limit = around.now - around.after
    lost_timers = [id_ for id_, due in timers.items() if due <= limit]
    # It may wait until the worker has a place for it.
    lost_activities = [
        id_ for id_, scheduled in activities.items() if scheduled <= limit - around.after
    ]
    late = [
        *(Late(LateKind.TIMER, timers[id_], _timer(open_.timers[id_])) for id_ in lost_timers),
        *(
            Late(LateKind.ACTIVITY, activities[id_], open_.activities[id_].taskScheduled.name)
            for id_ in lost_activities
        ),
        *_missing_turn(history, around, limit),
    ]
    return Outlook(
        late=tuple(late),
        lost=WakeUp(timers=lost_timers, activities=lost_activities),
        wake_up_at=min(timers.values(), default=None),
        look_again_at=_look_again_at(history, open_, timers.values(), activities, around),
    )


def _look_again_at(
    history: Sequence[Any],
    open_: OpenTasks,
    timers: Iterable[datetime],
    activities: Mapping[int, datetime],
    around: Surroundings,
) -> datetime | None:
    due = [max(time, around.now) + around.after for time in (*timers, *activities.values())]
    if len(activities) < len(open_.activities) or _open_children(history):
        # What runs here can be lost with the process, and so can the end of a child.
        due.append(around.now + LONG_PAUSE)
    return min(due, default=None)


def _missing_turn(history: Sequence[Any], around: Surroundings, limit: datetime) -> Iterable[Late]:
    last = max(to_datetime(event.timestamp) for event in history)
    if last > limit:
        return
    if around.code_is_ahead:
        yield Late(LateKind.TURN, last, "what its code decided was not taken")
    for child in _open_children(history).values():
        if around.child_ended(child):
            yield Late(LateKind.TURN, last, f"its child {child} has ended")


def _open_children(history: Sequence[Any]) -> Mapping[int, str]:
    children: dict[int, str] = {}
    for event in history:
        match event.WhichOneof("eventType"):
            case "childWorkflowInstanceCreated":
                children[event.eventId] = event.childWorkflowInstanceCreated.instanceId
            case "childWorkflowInstanceCompleted":
                children.pop(event.childWorkflowInstanceCompleted.taskScheduledId, None)
            case "childWorkflowInstanceFailed":
                children.pop(event.childWorkflowInstanceFailed.taskScheduledId, None)
    return children


def _timer(event: Any) -> str:
    created = event.timerCreated
    if created.WhichOneof("origin") == "externalEvent":
        return f"the end of the wait for {created.externalEvent.name}"
    if created.WhichOneof("origin") in ("activityRetry", "childWorkflowRetry"):
        return "the next attempt at a step"
    return "a timer"
