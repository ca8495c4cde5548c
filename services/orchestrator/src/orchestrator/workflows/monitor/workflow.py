"""Monitor: an eternal workflow that checks a web address and alerts when its health changes."""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext

from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.definition import Definition
from orchestrator.toolkit.people import notify
from orchestrator.toolkit.progress import report
from orchestrator.toolkit.waits import EventWait
from orchestrator.workflows.monitor.models import (
    CHECK_ADDRESS,
    STOP,
    CheckAddress,
    CheckedAddress,
    MonitorInput,
    MonitorOutcome,
    MonitorRequest,
    MonitorResult,
    Stop,
)
from orchestrator.workflows.monitor.samples import SAMPLES
from orchestrator.workflows.monitor.state import AddressHealth, Change, MonitorState


def monitor_workflow(
    ctx: DaprWorkflowContext, request: MonitorInput
) -> Generator[Task[Any], Any, MonitorResult | None]:
    """Pause; check; alert on a change; continue as new, so that the history stays short.

    The wait for `stop` is one over all generations, so it is open at any time. The pause comes
    first, also in the first generation, where it has no length: Dapr 1.18.2 loses an instance
    whose worker dies while it continues as new in the turn of a timer. So a generation ends in
    the turn of an activity, and begins with a timer, which the result of that activity, should it
    be delivered again, cannot be taken for. That goes when the minimum is Dapr 1.19.
    """
    now = ctx.current_utc_datetime.replace(tzinfo=UTC)
    state = request.state or MonitorState(started_at=now, next_check_at=now)
    stop = EventWait(ctx, STOP, Stop, id=STOP.name)

    def report_state(step: str, message: str) -> None:
        report(ctx, step, message, waits=[stop.wait], details=state.model_dump(mode="json"))

    report_state(state.health, _summary(state))
    stopped = yield from stop.receive(state.next_check_at.astimezone(UTC).replace(tzinfo=None))
    if stopped is not None:
        message = f"Stopped by {stopped.by}: {stopped.reason}"
        report(ctx, MonitorOutcome.STOPPED, message, details=state.model_dump(mode="json"))
        return MonitorResult(
            monitor_id=request.monitor_id,
            status=MonitorOutcome.STOPPED,
            message=message,
            stop=stopped,
            state=state,
        )

    report_state(CHECK_ADDRESS, f"Check {state.generation} of {request.url}")
    result = yield from _check(ctx, request, state.generation)
    now = ctx.current_utc_datetime.replace(tzinfo=UTC)
    state = state.with_check_result(result.check, now + timedelta(seconds=result.pause_seconds))

    # An alert that failed is sent again after the next check; where that finds another change,
    # the newer one is sent instead.
    if (change := state.unalerted_change()) is not None:
        error = yield from _send_alert(ctx, request, state, change, stop)
        state = state.with_alert(error)

    following = state.model_copy(update={"generation": state.generation + 1})
    ctx.continue_as_new(request.model_copy(update={"state": following}), save_events=True)
    return None


def _check(
    ctx: DaprWorkflowContext, request: MonitorInput, number: int
) -> Generator[Task[Any], Any, CheckedAddress]:
    step = CheckAddress(
        url=request.url,
        number=number,
        interval_seconds=request.interval_seconds,
        retry_seconds=request.retry_seconds,
        simulate=request.simulate,
    )
    return (yield from CHECK_ADDRESS.call(ctx, step))


def _send_alert(
    ctx: DaprWorkflowContext,
    request: MonitorInput,
    state: MonitorState,
    change: Change,
    stop: EventWait[Stop],
) -> Generator[Task[Any], Any, str | None]:
    """Send an alert of a change; return why that failed, or None where it succeeded."""
    word = "down" if change.health is AddressHealth.UNHEALTHY else "up again"
    return (
        yield from notify(
            ctx,
            request.notify,
            subject=f"Monitor {request.monitor_id}: {word}",
            body=f"{request.url} is {word} since {_iso(change.at)}: {change.found}",
            step=f"change-{change.number}",
            waits=[stop.wait],
            details=state.model_dump(mode="json"),
            # The checks go on, and the alert is sent after the next one.
            waits_for_peer=False,
        )
    )


def _summary(state: MonitorState) -> str:
    if not state.results:
        return "The first check is due now"
    last = state.results[-1]
    failed = f", and its alert failed: {state.alert_error}" if state.alert_error else ""
    result = f"{last.finding()} after {last.milliseconds} ms{failed}"
    return f"{result}; the next check is at {_iso(state.next_check_at)}"


def _iso(time: datetime) -> str:
    return time.replace(tzinfo=UTC).isoformat(timespec="seconds")


DEFINITION = Definition(
    name="monitor",
    workflow_name="monitor_workflow",
    workflow=monitor_workflow,
    input=MonitorRequest,
    output=MonitorResult,
    id_field="monitor_id",
    title="Monitor",
    description="An eternal workflow checks a web address, and alerts somebody when it goes down "
    "and when it recovers. `custom_status.details` has the last results. Send `stop` to end it.",
    path="/monitors",
    eternal_input=MonitorInput,
    search_fields=("notify", "url"),
    events=(STOP,),
    samples=SAMPLES,
)
