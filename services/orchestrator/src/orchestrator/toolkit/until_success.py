"""Activities that are tried until they succeed, for months if need be: every compensation is."""

from collections.abc import Generator, Mapping
from datetime import datetime, timedelta
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError
from pydantic import BaseModel, Field

from orchestrator.dapr_sdk.executor import next_step, recorded_retries
from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.activity_ref import ActivityRef, In, Out
from orchestrator.toolkit.definition import Workflow
from orchestrator.toolkit.lives import child_id
from orchestrator.toolkit.outage_wait import OUTAGE, outage_workflow
from orchestrator.toolkit.peer_errors import is_outage
from orchestrator.toolkit.progress import report
from orchestrator.toolkit.retries import (
    LONGEST_PAUSE,
    LONGEST_PAUSE_IN_OUTAGE,
    RETRY_FIRST,
    RETRY_IN_ONE_HISTORY,
)

UNTIL_SUCCESS = "until_success_workflow"
"""Dapr's name of the child workflow, which never changes: histories have it."""

# An attempt leaves about 1 KB in the history, and its input twice at most.
ATTEMPTS_A_GENERATION = 50


class UntilSuccess(BaseModel):
    """The input of the child workflow: the activity, and how its attempts went so far."""

    activity: str = Field(description="Dapr's name of it")
    input: Any = Field(description="Its input, the same for each attempt: with its key")
    message: str = Field(description="What it does, for people")
    attempts: int = Field(description="How many have failed")
    next_attempt_at: datetime = Field(description="When the next one is due, in UTC without offset")
    failing_since: datetime = Field(description="When it was first tried, in UTC without offset")
    error: str = Field(description="Why the last attempt failed")

    def after_failure(self, error: str, error_type: str, now: datetime) -> "UntilSuccess":
        """Return what follows a failed attempt.

        Args:
            error: Why it failed.
            error_type: The name of the error's class, as histories have it.
            now: When, in UTC without offset.
        """
        return self.model_copy(
            update={
                "attempts": self.attempts + 1,
                "next_attempt_at": now + pause_after(error_type),
                "error": error,
            }
        )


def pause_after(error_type: str) -> timedelta:
    """Return the pause after a failed attempt, by the name of its error's class in the history."""
    return LONGEST_PAUSE_IN_OUTAGE if is_outage(error_type) else LONGEST_PAUSE


def until_success(
    ctx: DaprWorkflowContext, activity: ActivityRef[In, Out], value: In, message: str
) -> Generator[Task[Any], Any, Out]:
    """Run an activity until it succeeds, and return its output.

    The first attempts, for 25 minutes, are the instance's own. Then a child workflow tries every
    ten minutes, or every minute where a peer is away, without an end; who has to end it terminates
    the child.

    Args:
        ctx: The workflow's context.
        activity: Its handle. It must be idempotent by a key in its input.
        value: Its input.
        message: What it does, for people: a part of the child's status.

    Raises:
        TaskFailedError: The child workflow was terminated.
        ValidationError: The activity returned something else than its output.
    """
    began, step = ctx.current_utc_datetime, next_step(ctx)
    # Earlier code went on for longer by itself: who was retried as often as that is continued so.
    earlier = recorded_retries(ctx, step) >= RETRY_FIRST.max_number_of_attempts
    policy = RETRY_IN_ONE_HISTORY if earlier else RETRY_FIRST
    try:
        return activity.parse((yield activity.schedule(ctx, value, retry_policy=policy)))
    except TaskFailedError as error:
        failure = error.details
    following = UntilSuccess(
        activity=activity,
        input=value.model_dump(mode="json") if isinstance(value, BaseModel) else value,
        message=message,
        attempts=recorded_retries(ctx, step) + 1,
        next_attempt_at=ctx.current_utc_datetime + pause_after(failure.error_type),
        failing_since=began,
        error=failure.message,
    )
    returned = yield ctx.call_child_workflow(
        UNTIL_SUCCESS,
        input=following.model_dump(mode="json"),
        instance_id=child_id(ctx, f"{activity}-{step}"),
    )
    return activity.parse(returned)


def until_success_workflow(
    ctx: DaprWorkflowContext, request: UntilSuccess
) -> Generator[Task[Any], Any, Any]:
    """Try an activity until it succeeds, every ten minutes or minute, and return its output.

    After 50 attempts it continues as new, so that its history stays short. It does so in the turn
    of an activity: Dapr 1.18.2 loses an instance whose worker dies while it continues as new in
    the turn of a timer. That goes when the minimum is Dapr 1.19.
    """
    for _ in range(ATTEMPTS_A_GENERATION):
        _report(ctx, request)
        yield ctx.create_timer(request.next_attempt_at)
        try:
            return (yield ctx.call_activity(request.activity, input=request.input))
        except TaskFailedError as error:
            details = error.details
            request = request.after_failure(
                details.message, details.error_type, ctx.current_utc_datetime
            )
    ctx.continue_as_new(request.model_dump(mode="json"))
    return None


def _report(ctx: DaprWorkflowContext, state: UntilSuccess) -> None:
    message = (
        f"{state.message}: {state.attempts:,} attempts failed since "
        f"{state.failing_since:%Y-%m-%d %H:%M} UTC, the last with: {state.error}"
    )
    details = {
        "activity": state.activity,
        "attempts": state.attempts,
        "error": state.error,
        "failing_since": f"{state.failing_since.isoformat()}Z",
        "next_attempt_at": f"{state.next_attempt_at.isoformat()}Z",
    }
    report(ctx, state.activity, message, details=details)


SHARED_CHILDREN: Mapping[str, Workflow] = {
    OUTAGE: outage_workflow,
    UNTIL_SUCCESS: until_success_workflow,
}
"""The child workflows that any workflow may call by the toolkit, by Dapr's name."""
