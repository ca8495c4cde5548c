"""What all workflows do alike."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext, RetryPolicy

from contracts.orchestrator import Progress, Wait

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


def report(
    ctx: DaprWorkflowContext,
    step: str,
    message: str,
    *,
    waits: Sequence[Wait] = (),
    details: Mapping[str, Any] | None = None,
) -> None:
    """Say in the instance's custom status what it is doing, or waiting for.

    Args:
        ctx: The workflow's context.
        step: The step's name.
        message: The same in words for a person.
        waits: The events that may be sent from now on; all others are refused.
        details: Figures, such as how many are done.
    """
    progress = Progress(step=step, message=message, waits=list(waits), details=dict(details or {}))
    ctx.set_custom_status(progress.model_dump_json(exclude_defaults=True))
