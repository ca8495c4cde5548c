"""An activity as a workflow calls it: its name, and the types of its input and output."""

from collections.abc import Generator
from datetime import datetime
from typing import Any, Generic, TypeVar

from dapr.ext.workflow import DaprWorkflowContext, RetryPolicy
from pydantic import TypeAdapter

from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.outage import ActivityCall, run_activity
from orchestrator.toolkit.retries import RETRY

In = TypeVar("In")
Out = TypeVar("Out")


class ActivityRef(str, Generic[In, Out]):
    """The name of an activity, which knows what the activity takes and returns.

    It is a name wherever one is wanted: as a key of what a package registers, among a definition's
    `compensations`, and for a stub of the test kit.
    """

    input_model: type[In]
    output_model: type[Out]

    def __new__(
        cls,
        name: str,
        input_model: type[In],
        output_model: type[Out],
    ) -> "ActivityRef[In, Out]":
        """Name an activity.

        Args:
            name: Dapr's name of it, which never changes: histories have it.
            input_model: The model of its input.
            output_model: The model of its output; `NoneType` where it returns nothing.
        """
        ref = super().__new__(cls, name)
        ref.input_model, ref.output_model = input_model, output_model
        return ref

    def call(
        self,
        ctx: DaprWorkflowContext,
        value: In,
        *,
        retry_policy: RetryPolicy | None = RETRY,
        until: datetime | None = None,
    ) -> Generator[Task[Any], Any, Out]:
        """Run the activity and return its output: `paid = yield from PAY.call(ctx, claim)`.

        Where a peer is away, it is waited for: see toolkit/outage.py.

        Args:
            ctx: The workflow's context.
            value: Its input, with an idempotency key where it has an effect.
            retry_policy: How often it is tried; None for once.
            until: When the wait for a peer ends at the latest, in UTC without offset.

        Raises:
            TaskFailedError: The last attempt failed.
            ValidationError: It returned something else than its output.
        """
        returned = yield from run_activity(
            ctx, str(self), value, retry_policy=retry_policy, until=until
        )
        return self.parse(returned)

    def schedule(
        self,
        ctx: DaprWorkflowContext,
        value: In,
        *,
        retry_policy: RetryPolicy | None = RETRY,
    ) -> Task[Any]:
        """Start the activity beside others and return its task; `parse` reads what it yields."""
        return ctx.call_activity(str(self), input=value, retry_policy=retry_policy)

    def begin(
        self, ctx: DaprWorkflowContext, value: In, *, retry_policy: RetryPolicy | None = RETRY
    ) -> ActivityCall:
        """Start the activity beside others, as a call whose outage can be waited for."""
        return ActivityCall.schedule(ctx, str(self), value, retry_policy)

    def parse(self, returned: Any) -> Out:
        """Return the output of the activity from JSON.

        Raises:
            ValidationError: It is something else.
        """
        return TypeAdapter(self.output_model).validate_python(returned)
