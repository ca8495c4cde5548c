"""Assigns tasks, and releases assignments, by the assigner."""

from dapr.ext.workflow import WorkflowActivityContext

from contracts.problems import ProblemType
from orchestrator.dapr_sdk.private import NonRetryableError
from orchestrator.toolkit.dependencies import Activities, ActivityDependencies
from orchestrator.toolkit.messages import (
    ASSIGN_TASK,
    RELEASE_ASSIGNMENT,
    AssignTask,
    AssignTaskResult,
    ReleaseAssignment,
)
from orchestrator.toolkit.peers.peer import PeerRefused

# The assigner's problems that are a business outcome: no member can take the task.
REFUSALS = frozenset(
    {
        ProblemType.UNKNOWN_MEMBER,
        ProblemType.MEMBER_AWAY,
        ProblemType.MEMBER_FULL,
        ProblemType.NO_MEMBER_AVAILABLE,
    }
)


def activities(dependencies: ActivityDependencies) -> Activities:
    """Return the activities that call the assigner."""

    async def assign_task(_: WorkflowActivityContext, step: AssignTask) -> AssignTaskResult:
        """Assign a task; a refusal is a result."""
        try:
            assignment = await dependencies.assigner.assign(step.key, step.request)
        except PeerRefused as error:
            if error.problem is not None and error.problem.type in REFUSALS:
                return AssignTaskResult(refusal=error.problem.detail)
            raise NonRetryableError(str(error)) from error
        return AssignTaskResult(assignment=assignment)

    async def release_assignment(_: WorkflowActivityContext, step: ReleaseAssignment) -> None:
        """Release an assignment, whether it was made or not."""
        await dependencies.assigner.release(step.key)

    return {ASSIGN_TASK: assign_task, RELEASE_ASSIGNMENT: release_assignment}
