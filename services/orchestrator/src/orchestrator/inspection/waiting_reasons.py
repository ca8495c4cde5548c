"""The reasons why an instance waits. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from orchestrator.inspection.outage_reason import PeerOutages, outage_reason
from orchestrator.inspection.pending_tasks import PendingTasks
from orchestrator.inspection.timeline import Timeline
from orchestrator.schemas.detail import HistoryStep, ReasonKind, StepKind, StepStatus, WaitingReason
from orchestrator.schemas.workflows import Progress, RuntimeStatus, Wait
from orchestrator.toolkit.actor_reminders import LostReminder
from orchestrator.visibility.entry import PUNCTUAL

# A fan-out may wait for hundreds of children.
MAX_REASONS = 50


@dataclass(frozen=True, kw_only=True)
class WaitContext:
    """What the reasons of an instance that has not ended are derived from.

    Args:
        status: Its status.
        timeline: The steps of its history.
        pending_tasks: What its code waits for; None if the current code does not replay it.
        replay_error: Why the code does not replay it.
        waits: The waits that the workflow itself reports.
        children: The status of its children, as far as known.
        progress: What its children report, as far as known.
        outages: Which peers are away, as far as known.
        reminder: The reminder of its actor that the scheduler lost, if any.
        no_worker: Why no workflow can run now, if none can.
        last_updated_at: When it changed last.
        now: The current time.
    """

    status: RuntimeStatus
    timeline: Timeline
    pending_tasks: PendingTasks | None
    replay_error: str | None = None
    waits: Sequence[Wait] = ()
    children: dict[str, RuntimeStatus] = field(default_factory=dict)
    progress: dict[str, Progress] = field(default_factory=dict)
    outages: PeerOutages = field(default_factory=PeerOutages)
    reminder: LostReminder | None = None
    no_worker: str | None = None
    last_updated_at: datetime
    now: datetime

    def pending_steps(self) -> list[tuple[HistoryStep, int | None]]:
        """Return the steps that it waits for, each with its maximum number of attempts."""
        open_ = self.timeline.pending.items()
        if self.pending_tasks is None:
            return [(step, None) for _, step in open_]
        return [(step, self.pending_tasks[id_]) for id_, step in open_ if id_ in self.pending_tasks]


def waiting_reasons(context: WaitContext) -> list[WaitingReason]:
    """Return why an instance waits: first what blocks it as a whole, then each pending step."""
    found = [*_halted(context), *_no_worker(context)]
    pending = context.pending_steps()
    found += [_reason(context, step, attempts) for step, attempts in pending[:MAX_REASONS]]
    if len(pending) > MAX_REASONS:
        found.append(
            WaitingReason(kind=ReasonKind.MORE, text=f"and {len(pending) - MAX_REASONS} more")
        )
    if not found:
        seconds = _seconds(context)
        found.append(
            WaitingReason(
                kind=ReasonKind.TURN,
                text=f"its next turn has been due for {seconds} s",
                since=context.last_updated_at,
            )
        )
    found += _reminder(context)
    if context.replay_error:
        found.append(
            WaitingReason(
                kind=ReasonKind.CODE,
                text="derived from the history alone, which the current code does not replay: "
                f"{context.replay_error}",
            )
        )
    return found


def _halted(context: WaitContext) -> list[WaitingReason]:
    kinds = {StepKind.PAUSE: ReasonKind.PAUSED, StepKind.STALL: ReasonKind.STALLED}
    found = [
        WaitingReason(
            kind=kinds[step.kind],
            text=": ".join(filter(None, [kinds[step.kind], _why(step)])),
            since=step.started_at,
        )
        for step in context.timeline.steps
        if step.kind in kinds and step.status is StepStatus.RUNNING
    ]
    # The status can be newer than the history that was read.
    for status, kind in (
        (RuntimeStatus.SUSPENDED, ReasonKind.PAUSED),
        (RuntimeStatus.STALLED, ReasonKind.STALLED),
    ):
        if context.status is status and all(reason.kind is not kind for reason in found):
            found.append(WaitingReason(kind=kind, text=kind, since=context.last_updated_at))
    return found


def _why(step: HistoryStep) -> str:
    given = "" if step.input is None else str(step.input)
    return given if step.kind is StepKind.PAUSE else ": ".join(filter(None, [step.name, given]))


def _no_worker(context: WaitContext) -> list[WaitingReason]:
    if context.no_worker is None:
        return []
    return [
        WaitingReason(
            kind=ReasonKind.NO_WORKER,
            text=f"no worker has taken it for {_seconds(context)} s: {context.no_worker}",
            since=context.last_updated_at,
        )
    ]


def _reminder(context: WaitContext) -> list[WaitingReason]:
    if context.reminder is None:
        return []
    due, registered_at = context.reminder
    at = f" at {_time(registered_at)}" if registered_at else " within a minute"
    done = f"{'was' if registered_at else 'is'} registered again{at}"
    return [
        WaitingReason(
            kind=ReasonKind.REMINDER,
            text=f"the scheduler lost the reminder of its actor for {_time(due)}: it {done}",
            since=due,
        )
    ]


def _seconds(context: WaitContext) -> int:
    return max(0, int((context.now - context.last_updated_at).total_seconds()))


def _reason(context: WaitContext, step: HistoryStep, attempts: int | None) -> WaitingReason:
    if step.kind is StepKind.EVENT:
        return _event(context, step)
    if step.kind is StepKind.TIMER:
        return WaitingReason(
            kind=ReasonKind.TIMER,
            text=f"timer {_until(step.until)}{_late(context, step.until)}",
            since=step.started_at,
            until=step.until,
        )
    return _attempted(context, step, attempts)


def _event(context: WaitContext, step: HistoryStep) -> WaitingReason:
    reported = next((w for w in context.waits if w.event.casefold() == step.name.casefold()), None)
    # A timed step can be shorter than the wait, for example up to the next reminder.
    until = reported.until if reported and reported.until else step.until
    text = f"waiting for event {reported.event if reported else step.name}"
    if until:
        text += f" {_until(until)}"
    if reported and reported.assigned_to:
        text += f", assigned to {reported.assigned_to}"
    text += _late(context, step.until)
    return WaitingReason(
        kind=ReasonKind.EVENT,
        text=text,
        name=reported.event if reported else step.name,
        since=step.started_at,
        until=until,
    )


def _attempted(context: WaitContext, step: HistoryStep, attempts: int | None) -> WaitingReason:
    """Return the reason for an activity or child, which may be between two attempts."""
    outage = outage_reason(step, context.outages, context.progress)
    if outage is not None:
        return outage
    between = step.until is not None
    number = len(step.attempts) + between
    last_error = next((a.error for a in reversed(step.attempts) if a.error), None)
    child = step.instance_id
    text = f"{'child workflow' if child else 'activity'} {step.name}"
    if child:
        status = context.children.get(child)
        text += f" ({child}, {status})" if status and not between else f" ({child})"
        if (progress := context.progress.get(child)) and not between:
            text += f": {progress.message}"
    if not child or number > 1:
        text += f": attempt {number}" + (f" of {attempts}" if attempts else "")
    if not child and not between:
        text += f", since {_time(step.attempts[-1].started_at)}"
    if last_error:
        text += f", last error: {last_error}"
    if between and step.until:
        text += f", next try at {_time(step.until)}{_late(context, step.until)}"
    kind = ReasonKind.CHILD if child else ReasonKind.ACTIVITY
    return WaitingReason(
        kind=ReasonKind.RETRY if between else kind,
        text=text,
        name=step.name,
        since=step.attempts[-1].ended_at if between else step.attempts[-1].started_at,
        until=step.until,
        attempt=number,
        attempts=attempts,
        last_error=last_error,
        instance_id=child,
    )


def _late(context: WaitContext, due: datetime | None) -> str:
    """Return what is to be said of a timer that should have fired."""
    held_up = context.status is not RuntimeStatus.RUNNING or context.no_worker is not None
    if held_up or due is None or context.now - due <= PUNCTUAL:
        return ""
    late = int((context.now - due).total_seconds())
    return f" (its timer is late by {late} s: the scheduler seems to have lost it)"


def _until(time: datetime | None) -> str:
    return f"until {_time(time)}" if time else "without an end"


def _time(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"
