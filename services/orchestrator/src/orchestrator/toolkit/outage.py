"""Runs an activity; where a peer is away, waits for it in a child workflow, for a day if need be.

A failure of the type `PeerUnreachable` begins the wait. Histories from before there was that type
have none of it: so instances that earlier code began go on as they did.
"""

from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext, RetryPolicy, TaskFailedError
from pydantic import BaseModel

from orchestrator.dapr_sdk.executor import next_step, recorded_failures
from orchestrator.dapr_sdk.private import Task, protos
from orchestrator.toolkit.lives import child_id
from orchestrator.toolkit.outage_wait import OUTAGE, Failure, OutageWait, Waited
from orchestrator.toolkit.peer_errors import is_outage, unreachable_peer


@dataclass(frozen=True)
class ActivityCall:
    """A call of an activity, whose attempts the engine makes; an outage may be waited for after it.

    Attributes:
        task: Completes with the output, as JSON, or with the last attempt's failure.
    """

    task: Task[Any]
    _ctx: DaprWorkflowContext
    _activity: str
    _input: Any
    _step: int
    _began: datetime

    @classmethod
    def schedule(
        cls, ctx: DaprWorkflowContext, activity: str, value: Any, retry_policy: RetryPolicy | None
    ) -> "ActivityCall":
        """Start an activity.

        Args:
            ctx: The workflow's context.
            activity: Its name. It must be idempotent by a key in its input.
            value: Its input.
            retry_policy: How often it is tried before an outage is waited for; None for once.
        """
        began, step = ctx.current_utc_datetime, next_step(ctx)
        task: Task[Any] = ctx.call_activity(activity, input=value, retry_policy=retry_policy)
        return cls(task, ctx, activity, value, step, began)

    def wait_out(self, error: TaskFailedError, until: datetime | None = None) -> Task[Any]:
        """Return the task that goes on after the last attempt failed; `output_of` reads its result.

        Args:
            error: What `task` raised.
            until: When the wait ends at the latest, in UTC without offset; by default the settings
                alone end it (OUTAGE_WAIT_SECONDS).

        Raises:
            TaskFailedError: It is `error`: that is no outage, or the time is up.
        """
        now = self._ctx.current_utc_datetime
        earlier = recorded_failures(self._ctx, self._step)
        failures = [Failure(type=failed.type, message=failed.message) for failed in earlier]
        failures.append(Failure(type=error.details.error_type, message=error.details.message))
        outages = [position for position, f in enumerate(failures) if is_outage(f.type)]
        if not outages:
            raise error
        wait = OutageWait(
            activity=self._activity,
            input=self._input.model_dump(mode="json")
            if isinstance(self._input, BaseModel)
            else self._input,
            peer=unreachable_peer(failures[outages[-1]].message),
            since=self._began,
            attempts=len(failures),
            own_errors=len(failures) - 1 - outages[-1],
            failure=failures[-1],
            until=until,
            next_attempt_at=now,
        )
        if wait.given_up(now):
            raise error
        return self._ctx.call_child_workflow(
            OUTAGE,
            input=wait.model_dump(mode="json"),
            instance_id=child_id(self._ctx, f"{self._activity}-outage-{self._step}"),
        )

    def following(self, task: Task[Any], error: TaskFailedError) -> Task[Any] | None:
        """Return the task that goes on after one of this call failed; None where that is final.

        Args:
            task: The one that failed: `task`, or what this returned before.
            error: What it raised.
        """
        if task is not self.task:
            return None
        try:
            return self.wait_out(error)
        except TaskFailedError:
            return None

    def result(self, task: Task[Any]) -> Any:
        """Return the activity's output, as JSON, from a task of this call that has completed.

        Raises:
            TaskFailedError: It failed; `following` says whether that is final.
        """
        returned = task.get_result()
        return returned if task is self.task else output_of(returned)


def output_of(waited: Any) -> Any:
    """Return the activity's output, as JSON, from what `wait_out`'s task yields.

    Raises:
        TaskFailedError: The activity was given up, or failed otherwise than by an outage.
    """
    result = Waited.model_validate(waited)
    if result.failure is None:
        return result.output
    details = protos.TaskFailureDetails(
        errorType=result.failure.type, errorMessage=result.failure.message
    )
    raise TaskFailedError(result.failure.message, details)


def run_activity(
    ctx: DaprWorkflowContext,
    activity: str,
    value: Any,
    *,
    retry_policy: RetryPolicy | None,
    until: datetime | None = None,
) -> Generator[Task[Any], Any, Any]:
    """Run an activity, and return its output as JSON; an outage of its peer is waited for.

    Args:
        ctx: The workflow's context.
        activity: Its name. It must be idempotent by a key in its input.
        value: Its input.
        retry_policy: How often it is tried before the wait; None for once.
        until: When the wait ends at the latest, in UTC without offset; by default the settings
            alone end it (OUTAGE_WAIT_SECONDS).

    Raises:
        TaskFailedError: It failed otherwise than by an outage, or that was too long.
    """
    call = ActivityCall.schedule(ctx, activity, value, retry_policy)
    try:
        return (yield call.task)
    except TaskFailedError as error:
        wait = call.wait_out(error, until)
    return output_of((yield wait))
