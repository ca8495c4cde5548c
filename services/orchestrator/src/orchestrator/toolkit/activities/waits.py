"""Closes waits that timed out."""

from dapr.ext.workflow import WorkflowActivityContext

from orchestrator.toolkit.accepted_events import AcceptedEvents
from orchestrator.toolkit.dependencies import Activities, ActivityDependencies
from orchestrator.toolkit.messages import CLOSE_WAIT, CloseWait, CloseWaitResult


def activities(dependencies: ActivityDependencies) -> Activities:
    """Return the activities that use the accepted events."""
    accepted_events = AcceptedEvents(dependencies.store)

    async def close_wait(_: WorkflowActivityContext, step: CloseWait) -> CloseWaitResult:
        """Accept no more events for a wait, and return the payload that was accepted before."""
        accepted, _now = await accepted_events.accept_once(step.instance_id, step.slot, None)
        return CloseWaitResult(payload=accepted.payload)

    return {CLOSE_WAIT: close_wait}
