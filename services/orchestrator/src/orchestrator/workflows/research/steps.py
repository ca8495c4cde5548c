"""What the phases of research share: the verdict that ends them, and errors as text."""

from typing import NamedTuple

from dapr.ext.workflow import TaskFailedError

from orchestrator.workflows.research.models import ResearchOutcome

# How many characters of an error's message go into results and notifications.
MAX_ERROR = 300


class Verdict(NamedTuple):
    """What becomes of the drafts; the last is delivered where the status is `completed`."""

    status: ResearchOutcome
    message: str


def format_error(error: TaskFailedError) -> str:
    """Return why a step failed, truncated."""
    return error.details.message[:MAX_ERROR]
