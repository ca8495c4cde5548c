"""How the steps of an onboarding run, and how they end it early."""

from collections.abc import Callable, Generator
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError
from pydantic import BaseModel

from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.retries import RETRY, RETRY_COMPENSATION
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
    ctx: DaprWorkflowContext, activity: str, step: BaseModel, failed: str
) -> Generator[Task[Any], Any, Any]:
    """Run an activity and return its result.

    Args:
        ctx: The workflow's context.
        activity: Its name.
        step: Its input.
        failed: Begins the reason where it fails.

    Raises:
        EndedEarly: It failed permanently.
    """
    try:
        return (yield ctx.call_activity(activity, input=step, retry_policy=RETRY))
    except TaskFailedError as error:
        reason = f"{failed}: {error.details.message}"
        raise EndedEarly(OnboardingOutcome.FAILED, reason) from error


def compensate_step(ctx: DaprWorkflowContext, activity: str, step: BaseModel) -> Steps:
    """Run an activity that compensates, until it succeeds."""
    yield ctx.call_activity(activity, input=step, retry_policy=RETRY_COMPENSATION)
