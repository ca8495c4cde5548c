"""The SDK's executor of turns, which knows what a history says further on before it replays it."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from orchestrator.dapr_sdk.private import WorkflowExecutor, sdk_worker
from orchestrator.dapr_sdk.task_refresh import (
    Repeats,
    is_wake_up,
    refresh_actions,
    without_repeats,
)

UNVERSIONED = "unversioned"
"""The previous version that instances run which began before their workflow had any version."""


class AttemptFailure(NamedTuple):
    """Why an attempt at an activity failed: the name of the error's class, and its message."""

    type: str
    message: str


@dataclass
class Recorded:
    """What the whole history of an instance says, in whatever order it is replayed.

    Attributes:
        patches: The patches that the instance has taken.
        retries: How often a call of an activity was scheduled to be retried, by its event's id.
        failures: Why the attempts at a call failed that were retried, by its event's id.
    """

    patches: set[str] = field(default_factory=set)
    retries: dict[int, int] = field(default_factory=dict)
    failures: dict[int, list[AttemptFailure]] = field(default_factory=dict)

    @classmethod
    def of(cls, history: Iterable[Any]) -> "Recorded":
        """Return what a history says."""
        recorded, first = cls(), dict[str, int]()
        timers: Counter[str] = Counter()
        failures: defaultdict[str, list[AttemptFailure]] = defaultdict(list)
        events = list(without_repeats(history))
        # A result may come before its call, see `Executor`.
        calls = {
            event.eventId: event.taskScheduled.taskExecutionId
            for event in events
            if event.HasField("taskScheduled")
        }
        for event in events:
            match event.WhichOneof("eventType"):
                case "workflowStarted":
                    recorded.patches.update(event.workflowStarted.version.patches)
                case "taskScheduled":
                    first.setdefault(event.taskScheduled.taskExecutionId, event.eventId)
                case "taskFailed" if event.taskFailed.taskScheduledId in calls:
                    details = event.taskFailed.failureDetails
                    failures[calls[event.taskFailed.taskScheduledId]].append(
                        AttemptFailure(details.errorType, details.errorMessage)
                    )
                case "timerCreated" if event.timerCreated.HasField("activityRetry"):
                    timers[event.timerCreated.activityRetry.taskExecutionId] += 1
        for call, count in timers.items():
            if call in first:
                recorded.retries[first[call]] = count
                # Without the last, which is none of them once the whole history is replayed.
                recorded.failures[first[call]] = failures[call][:count]
        return recorded


class Executor(WorkflowExecutor):
    """Executes a turn as the SDK does, apart from six things.

    - An instance that is paused: the SDK keeps back what comes until it is resumed, the marks of
      the patches included. So a replay meets a patch before its mark, answers that it was not
      taken, and the engine stalls the instance permanently. Here the marks are read first. That
      goes when the SDK does so.
    - A pause of what is paused, and a resume of what is not, as where a request is repeated whose
      answer was lost: the SDK keeps such a pause back, and when it resumes, is paused again and
      reads what it kept back without an end, in all of the memory; and it fails the instance at
      such a resume. Here both mean nothing, as they do to the engine. That goes when the SDK does
      so.
    - An instance that began before its workflow had a version: the SDK has the newest version
      replay it. Here it is replayed by the version `UNVERSIONED`, where the workflow has one.
    - A result that comes before its call, as where a turn that had called an activity could not be
      saved, and is made again once the activity has failed: the SDK leaves it out, the engine has
      it in the history and takes no other, and the instance waits for it forever. Here it is kept
      until the same call is made. That goes when the engine saves a turn before it calls.
    - A wake-up that was lost: it is created again, see task_refresh.py. The SDK fails an instance
      whose history says twice what was created.
    - A workflow that has ended, by a history that goes on, because a late result was taken for its
      last turn (see late_results.py): the SDK takes the end for what the history goes on with, and
      decides nothing any more, so that the instance never ends. Here the end counts.
    """

    recorded = Recorded()

    def __init__(self, registry: Any, logger: logging.Logger) -> None:
        """Prepare to execute one turn; see the SDK."""
        super().__init__(registry, logger)
        self._repeats = Repeats()
        self._end: Any = None
        self._early: dict[int, Any] = {}

    def execute(
        self,
        instance_id: str,
        old_events: Sequence[Any],
        new_events: Sequence[Any],
        propagated_history: Any = None,
    ) -> Any:
        """Execute a turn; see the SDK."""
        self.recorded = Recorded.of(old_events)
        result = super().execute(instance_id, old_events, new_events, propagated_history)
        if any(action.HasField("completeWorkflow") for action in result.actions):
            return result
        if self._end is not None:
            self._logger.warning("%s: its history goes on after its end", instance_id)
            result.actions = [self._end]
        else:
            result.actions = [*result.actions, *refresh_actions(old_events, new_events)]
        return result

    def process_event(self, ctx: Any, event: Any) -> None:
        """Process one event; see the SDK."""
        if is_wake_up(event) or self._repeats.repeated(event) or self._changes_no_pause(event):
            return
        if not self._is_suspended and self._is_early(ctx, event):
            return
        if event.HasField("executionStarted"):
            ctx.recorded_retries = self.recorded.retries
            ctx.recorded_failures = self.recorded.failures
            ctx._history_patches.update(dict.fromkeys(self.recorded.patches, True))
            if ctx.is_replaying and not ctx._orchestrator_version_name:
                versions = self._registry.versioned_orchestrators
                if UNVERSIONED in versions.get(event.executionStarted.name, {}):
                    ctx._orchestrator_version_name = UNVERSIONED
        super().process_event(ctx, event)
        self._process_early(ctx)
        if self._end is None and ctx._is_complete:
            ends = (a for a in ctx._pending_actions.values() if a.HasField("completeWorkflow"))
            self._end = next(ends, None)

    def _is_early(self, ctx: Any, event: Any) -> bool:
        """Return whether an event is the result of a call that is not made yet; if so, keep it."""
        kind = event.WhichOneof("eventType")
        if kind not in ("taskCompleted", "taskFailed"):
            return False
        call = getattr(event, kind).taskScheduledId
        early: bool = call > ctx._sequence_number
        if early:
            self._early.setdefault(call, event)
        return early

    def _process_early(self, ctx: Any) -> None:
        """Process the results that were kept, of calls that are made by now."""
        for call in sorted(call for call in self._early if call <= ctx._sequence_number):
            event, action = self._early.pop(call), ctx._pending_actions.get(call)
            result = getattr(event, event.WhichOneof("eventType"))
            # By its execution's id: the turn that was made again may have decided otherwise.
            same = action is not None and action.scheduleTask.taskExecutionId
            if same and same == result.taskExecutionId:
                self.process_event(ctx, event)

    def _changes_no_pause(self, event: Any) -> bool:
        """Return whether an event pauses what is paused, or resumes what is not."""
        unchanged = "executionSuspended" if self._is_suspended else "executionResumed"
        return bool(event.HasField(unchanged))


def next_step(ctx: Any) -> int:
    """Return the id of the event that schedules what a workflow calls next."""
    return int(ctx._sequence_number) + 1


def recorded_retries(ctx: Any, step: int) -> int:
    """Return how often a call of an activity has been scheduled to be retried so far.

    It is what the whole history says, also while the history is being replayed.

    Args:
        ctx: The workflow's context.
        step: The id of the event that scheduled it; see `next_step`.
    """
    retries: dict[int, int] = ctx.recorded_retries
    return retries.get(step, 0)


def recorded_failures(ctx: Any, step: int) -> Sequence[AttemptFailure]:
    """Return why the attempts at an activity failed that were retried; see `recorded_retries`."""
    failures: dict[int, list[AttemptFailure]] = ctx.recorded_failures
    return failures.get(step, [])


def install() -> None:
    """Have the SDK's workers of this process execute turns by `Executor`."""
    # The worker makes one for each turn, and has no option for it.
    sdk_worker._OrchestrationExecutor = Executor  # type: ignore[misc]
