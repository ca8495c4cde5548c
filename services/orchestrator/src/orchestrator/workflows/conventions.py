"""What all workflows do alike."""

from datetime import timedelta

from dapr.ext.workflow import DaprWorkflowContext, RetryPolicy

from contracts.orchestrator import Progress

# Three attempts of at most 30 s each, and 3 s between them, stay within the 100 s in all.
# Within one attempt the sidecar rides out a short outage of a peer: components/resiliency.yaml.
RETRY = RetryPolicy(
    first_retry_interval=timedelta(seconds=1),
    max_number_of_attempts=3,
    backoff_coefficient=2.0,
    max_retry_interval=timedelta(seconds=10),
    retry_timeout=timedelta(seconds=100),
)

# An effect that must be undone is tried until it is: a minute apart, for about two months.
RETRY_COMPENSATION = RetryPolicy(
    first_retry_interval=timedelta(seconds=1),
    max_number_of_attempts=100_000,
    backoff_coefficient=2.0,
    max_retry_interval=timedelta(minutes=1),
)


def report(ctx: DaprWorkflowContext, step: str, message: str) -> None:
    """Say in the instance's custom status what it is doing, or waiting for."""
    ctx.set_custom_status(Progress(step=step, message=message).model_dump_json())
