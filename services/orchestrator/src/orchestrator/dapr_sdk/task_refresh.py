"""Has the engine create the wake-ups again that its scheduler has lost.

The engine creates a wake-up once, when a turn ends with its action, and lets nobody else create
one. So an event makes a turn that the worker ends with the same actions once more. That overwrites
the wake-ups by name: one that was not lost is replaced by its like. The history then says twice
what was created, and replays leave the second time out.

Temporal calls this repair "refresh tasks". Goes when Dapr itself finds instances without a wake-up
(1.19 has a janitor for each instance, as a preview).
"""

import json
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any

from orchestrator.dapr_sdk.private import protos

WAKE_UP = "taskway.wake_up"
"""The event that asks for it, and makes a turn; no workflow sees it.

None that is declared has a '.' in its name.
"""


@dataclass
class OpenTasks:
    """What a history began and has not ended.

    Attributes:
        timers: The events that created timers, by id.
        activities: The events that scheduled activities, by id.
    """

    timers: dict[int, Any] = field(default_factory=dict)
    activities: dict[int, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, history: Iterable[Any]) -> "OpenTasks":
        """Return what is open at the end of a history."""
        open_ = cls()
        for event in history:
            match event.WhichOneof("eventType"):
                case "timerCreated":
                    open_.timers.setdefault(event.eventId, event)
                case "taskScheduled":
                    open_.activities.setdefault(event.eventId, event)
                case "eventRaised":
                    open_._close_wait(event.eventRaised.name)
                case "timerFired":
                    open_.timers.pop(event.timerFired.timerId, None)
                case "taskCompleted":
                    open_.activities.pop(event.taskCompleted.taskScheduledId, None)
                case "taskFailed":
                    open_.activities.pop(event.taskFailed.taskScheduledId, None)
        return open_

    def _close_wait(self, name: str) -> None:
        # As the engine, which deletes the timer of the wait for that event that is open longest.
        waits = (
            id_
            for id_, event in self.timers.items()
            if event.timerCreated.HasField("externalEvent")
            and event.timerCreated.externalEvent.name.casefold() == name.casefold()
        )
        if (first := next(waits, None)) is not None:
            del self.timers[first]


class Repeats:
    """Finds the events that say a second time what was created."""

    def __init__(self) -> None:
        """Begin with an empty history."""
        self._seen: set[Hashable] = set()

    def repeated(self, event: Any) -> bool:
        """Return whether an event is a repetition; each must be passed once, in order."""
        if (key := _created(event)) is None:
            return False
        if key in self._seen:
            return True
        self._seen.add(key)
        return False


def without_repeats(history: Iterable[Any]) -> list[Any]:
    """Return a history without the events that say a second time what was created."""
    repeats = Repeats()
    return [event for event in history if not repeats.repeated(event)]


def is_wake_up(event: Any) -> bool:
    """Return whether an event is one that makes a turn, and no workflow sees."""
    return bool(event.HasField("eventRaised") and event.eventRaised.name.casefold() == WAKE_UP)


def refresh_actions(old_events: Iterable[Any], new_events: Iterable[Any]) -> list[Any]:
    """Return the actions that create the requested wake-ups again, of what is open still.

    Args:
        old_events: The history before the turn.
        new_events: The events of the turn.
    """
    new = list(new_events)
    asked = [_ids(event) for event in new if is_wake_up(event)]
    if not asked:
        return []
    open_ = OpenTasks.of([*old_events, *new])
    timers = set().union(*(timers for timers, _ in asked))
    activities = set().union(*(activities for _, activities in asked))
    return [
        *(_timer(event) for id_, event in open_.timers.items() if id_ in timers),
        *(_activity(event) for id_, event in open_.activities.items() if id_ in activities),
    ]


def _ids(event: Any) -> tuple[set[int], set[int]]:
    data = json.loads(event.eventRaised.input.value or "{}")
    return set(data.get("timers", ())), set(data.get("activities", ()))


def _timer(event: Any) -> Any:
    created = event.timerCreated
    action = protos.CreateTimerAction(fireAt=created.fireAt)
    if created.HasField("name"):
        action.name = created.name
    if origin := created.WhichOneof("origin"):
        getattr(action, origin).CopyFrom(getattr(created, origin))
    return _action(event, createTimer=action)


def _activity(event: Any) -> Any:
    scheduled = event.taskScheduled
    action = protos.ScheduleTaskAction(
        name=scheduled.name, taskExecutionId=scheduled.taskExecutionId
    )
    for name in ("version", "input"):
        if scheduled.HasField(name):
            getattr(action, name).CopyFrom(getattr(scheduled, name))
    if scheduled.HasField("historyPropagationScope"):
        action.historyPropagationScope = scheduled.historyPropagationScope
    return _action(event, scheduleTask=action)


def _action(event: Any, **action: Any) -> Any:
    again = protos.WorkflowAction(id=event.eventId, **action)
    if event.HasField("router"):
        again.router.CopyFrom(event.router)
    return again


def _created(event: Any) -> Hashable | None:
    """Return what an event says was created; None for events of other kinds."""
    match event.WhichOneof("eventType"):
        case "taskScheduled":
            return ("activity", event.eventId, event.taskScheduled.name)
        case "timerCreated":
            # The SDK gives the id of a wait without an end to what follows, where code changed.
            origin = event.timerCreated.WhichOneof("origin")
            return ("timer", event.eventId, origin, event.timerCreated.fireAt.ToNanoseconds())
        case _:
            return None
