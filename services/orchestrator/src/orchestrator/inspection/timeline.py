"""The timeline of an instance: the events of its history, grouped into steps. No I/O."""

from collections.abc import Callable, Sequence
from typing import Any

from orchestrator.dapr_sdk.private import protos
from orchestrator.dapr_sdk.task_refresh import without_repeats
from orchestrator.dapr_sdk.values import (
    parse_or_truncate,
    to_datetime,
    to_datetime_or_never,
    truncate,
)
from orchestrator.schemas.detail import Attempt, HistoryStep, StepKind, StepStatus

DECIDED = {"taskScheduled", "timerCreated", "childWorkflowInstanceCreated", "executionCompleted"}
NO_EVENT = -1


class Timeline:
    """The steps of a history, in the order in which they began.

    Args:
        history: The events, in order.

    Attributes:
        steps: All of them.
        pending: Those that run, by the id of the event that began their current attempt or timer.
    """

    def __init__(self, history: Sequence[Any]) -> None:
        self.steps: list[HistoryStep] = []
        self.pending: dict[int, HistoryStep] = {}
        self._by_execution: dict[str, HistoryStep] = {}
        self._retried_child: dict[str, HistoryStep] = {}
        self._halted: dict[StepKind, HistoryStep] = {}
        readers: dict[str, Callable[[Any, Any], None]] = {
            "taskScheduled": self._task_scheduled,
            "taskCompleted": self._completed,
            "taskFailed": self._failed,
            "childWorkflowInstanceCreated": self._child_created,
            "childWorkflowInstanceCompleted": self._completed,
            "childWorkflowInstanceFailed": self._failed,
            "timerCreated": self._timer_created,
            "timerFired": self._timer_fired,
            "eventRaised": self._event_raised,
            "executionSuspended": self._suspended,
            "executionResumed": self._resumed,
            "executionStalled": self._stalled,
            "executionCompleted": self._ended,
        }
        for event in without_repeats(history):
            kind = event.WhichOneof("eventType")
            if kind in DECIDED:
                self._release(StepKind.STALL, event)
            if kind in readers:
                readers[kind](event, getattr(event, kind))

    def _begin(self, event: Any, kind: StepKind, name: str, **more: Any) -> HistoryStep:
        step = HistoryStep(
            event_id=event.eventId,
            kind=kind,
            name=name,
            status=StepStatus.RUNNING,
            started_at=to_datetime(event.timestamp),
            **more,
        )
        self.steps.append(step)
        return step

    def _attempt(self, event: Any, step: HistoryStep) -> None:
        number = len(step.attempts) + 1
        step.attempts.append(Attempt(number=number, started_at=to_datetime(event.timestamp)))
        step.until = None
        self.pending[event.eventId] = step

    def _task_scheduled(self, event: Any, task: Any) -> None:
        # All attempts of one call have the same id.
        step = self._by_execution.get(task.taskExecutionId)
        if step is None or step.name != task.name:
            step = self._begin(event, StepKind.ACTIVITY, task.name, input=_data(task, "input"))
            if task.taskExecutionId:
                self._by_execution[task.taskExecutionId] = step
        step.status, step.ended_at = StepStatus.RUNNING, None
        self._attempt(event, step)

    def _child_created(self, event: Any, child: Any) -> None:
        # The same id can be a second call: only after a retry's timer is it the same step.
        step = self._retried_child.pop(child.instanceId, None)
        if step is None:
            step = self._begin(
                event,
                StepKind.CHILD,
                child.name,
                input=_data(child, "input"),
                instance_id=child.instanceId,
            )
        self._attempt(event, step)

    def _completed(self, event: Any, completed: Any) -> None:
        if step := self._close_attempt(completed, StepStatus.COMPLETED, event):
            step.output, step.error = _data(completed, "result"), None

    def _failed(self, event: Any, failed: Any) -> None:
        if step := self._close_attempt(failed, StepStatus.FAILED, event):
            details, attempt = failed.failureDetails, step.attempts[-1]
            attempt.error = step.error = truncate(details.errorMessage)
            attempt.error_type = details.errorType or None
            attempt.stack = truncate(details.stackTrace.value) or None

    def _timer_created(self, event: Any, timer: Any) -> None:
        origin, until = timer.WhichOneof("origin"), to_datetime_or_never(timer.fireAt)
        if step := self._tried_again(timer, origin):
            step.status, step.ended_at, step.until = StepStatus.RUNNING, None, until
        elif origin == "externalEvent":
            step = self._begin(event, StepKind.EVENT, timer.externalEvent.name, until=until)
        else:
            step = self._begin(event, StepKind.TIMER, timer.name or "timer", until=until)
        self.pending[event.eventId] = step

    def _tried_again(self, timer: Any, origin: str | None) -> HistoryStep | None:
        if origin == "activityRetry":
            return self._by_execution.get(timer.activityRetry.taskExecutionId)
        if origin == "childWorkflowRetry":
            child = timer.childWorkflowRetry.instanceId
            failed = [s for s in self.steps if s.instance_id == child and _has_failed(s)]
            if failed:
                self._retried_child[child] = failed[-1]
                return failed[-1]
        return None

    def _timer_fired(self, event: Any, fired: Any) -> None:
        step = self.pending.get(fired.timerId)
        if step is None:
            return
        if step.kind is StepKind.TIMER:
            self._close(fired.timerId, StepStatus.COMPLETED, event)
        elif step.kind is StepKind.EVENT:
            self._close(fired.timerId, StepStatus.TIMED_OUT, event)
        else:
            # It was the retry's timer: the next attempt follows.
            del self.pending[fired.timerId]

    def _event_raised(self, event: Any, raised: Any) -> None:
        name = raised.name.casefold()
        waits = (
            id_
            for id_, step in self.pending.items()
            if step.kind is StepKind.EVENT and step.name.casefold() == name
        )
        first = next(waits, None)
        if first is None:
            # It was raised before anything waited for it; the SDK buffers it.
            step = self._begin(event, StepKind.EVENT, raised.name)
            step.event_id = NO_EVENT
            step.status, step.ended_at = StepStatus.COMPLETED, step.started_at
            step.output = _data(raised, "input")
        elif step_waiting := self._close(first, StepStatus.COMPLETED, event):
            step_waiting.output = _data(raised, "input")

    def _suspended(self, event: Any, suspended: Any) -> None:
        self._halt(event, StepKind.PAUSE, "pause", _data(suspended, "input"))

    def _resumed(self, event: Any, _: Any) -> None:
        self._release(StepKind.PAUSE, event)

    def _stalled(self, event: Any, stalled: Any) -> None:
        self._halt(
            event, StepKind.STALL, _stall_reason(stalled), truncate(stalled.description) or None
        )

    def _halt(self, event: Any, kind: StepKind, name: str, reason: Any) -> None:
        # The engine repeats the event at each turn.
        if kind not in self._halted:
            self._halted[kind] = self._begin(event, kind, name, input=reason)
            self._halted[kind].event_id = NO_EVENT

    def _release(self, kind: StepKind, event: Any) -> None:
        if step := self._halted.pop(kind, None):
            step.status, step.ended_at = StepStatus.COMPLETED, to_datetime(event.timestamp)

    def _ended(self, event: Any, _: Any) -> None:
        for step in self.steps:
            if step.status is StepStatus.RUNNING:
                step.status, step.ended_at = StepStatus.ABANDONED, to_datetime(event.timestamp)
        self.pending.clear()
        self._halted.clear()

    def _close_attempt(self, ended: Any, status: StepStatus, event: Any) -> HistoryStep | None:
        step = self.pending.get(ended.taskScheduledId)
        if step is None or not step.attempts:
            return None
        self._close(ended.taskScheduledId, status, event)
        step.attempts[-1].ended_at = step.ended_at
        return step

    def _close(self, id_: int, status: StepStatus, event: Any) -> HistoryStep | None:
        step = self.pending.pop(id_, None)
        if step is not None:
            step.status, step.ended_at = status, to_datetime(event.timestamp)
        return step


def _stall_reason(stalled: Any) -> str:
    """Return why an instance stalled, such as `patch_mismatch`."""
    reason: str = protos.StalledReason.Name(stalled.reason)
    return reason.lower()


def _has_failed(step: HistoryStep) -> bool:
    return step.status is StepStatus.FAILED


def _data(message: Any, field: str) -> Any:
    return parse_or_truncate(getattr(message, field).value) if message.HasField(field) else None
