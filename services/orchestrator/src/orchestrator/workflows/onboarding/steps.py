"""How the steps of an onboarding run, and how they end it early."""

from collections.abc import Callable, Generator
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError

from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.activity_ref import ActivityRef, In, Out
from orchestrator.workflows.onboarding.models import OnboardingOutcome

Steps = Generator[Task[Any], Any, None]
Compensations = list[Callable[[], Steps]]
"""What compensates the steps so far, in their order; each is added before its step runs."""


class EndedEarly(Exception):
    """The onboarding ends before its last step: the workflow compensates."""

    def __init__(self, status: OnboardingOutcome, reason: str) -> None:
        """End with `status`; the customer reads `reason`."""
        super().__init__(reason)
        self.status = status
        self.reason = reason


def run_step(
    ctx: DaprWorkflowContext, activity: ActivityRef[In, Out], step: In, failed: str
) -> Generator[Task[Any], Any, Out]:
    """Run an activity and return its output.

    Args:
        ctx: The workflow's context.
        activity: Its handle.
        step: Its input.
        failed: Begins the reason where it fails.

    Raises:
        EndedEarly: It failed permanently.
    """
    try:
        return (yield from activity.call(ctx, step))
    except TaskFailedError as error:
        reason = f"{failed}: {error.details.message}"
        raise EndedEarly(OnboardingOutcome.FAILED, reason) from error
