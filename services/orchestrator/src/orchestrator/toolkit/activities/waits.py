"""Closes waits that ran out of time."""

from dapr.ext.workflow import WorkflowActivityContext

from orchestrator.toolkit.accepted_events import Decisions
from orchestrator.toolkit.dependencies import Activities, ActivityDependencies
from orchestrator.toolkit.messages import CLOSE_WAIT, CloseWait, CloseWaitResult


def activities(dependencies: ActivityDependencies) -> Activities:
    """Return the activities that need the decisions."""
    decisions = Decisions(dependencies.store)

    async def close_wait(_: WorkflowActivityContext, step: CloseWait) -> CloseWaitResult:
        """Let nothing more into a wait, and return what was let in before."""
        decision, _now = await decisions.fill(step.instance_id, step.slot, None)
        return CloseWaitResult(payload=decision.payload)

    return {CLOSE_WAIT: close_wait}
