"""The progress that a workflow reports in its custom status."""

from collections.abc import Mapping, Sequence
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext

from orchestrator.schemas.workflows import Progress, Wait


def report(
    ctx: DaprWorkflowContext,
    step: str,
    message: str,
    *,
    waits: Sequence[Wait] = (),
    details: Mapping[str, Any] | None = None,
) -> None:
    """Report in the instance's custom status what it is doing or waiting for.

    Args:
        ctx: The workflow's context.
        step: The step's name.
        message: A sentence for people.
        waits: The waits whose events are accepted from now on; all others are refused.
        details: Figures, such as how many items are done.
    """
    progress = Progress(step=step, message=message, waits=list(waits), details=dict(details or {}))
    ctx.set_custom_status(progress.model_dump_json(exclude_defaults=True))
