"""Asks the assigner for somebody, and gives back."""

from dapr.ext.workflow import WorkflowActivityContext

from contracts.problems import ProblemType
from orchestrator.clients.assigner import AssignerClient
from orchestrator.clients.peer import PeerRefused
from orchestrator.durabletask import NonRetryableError
from orchestrator.steps import AssignTask, AssignTaskResult, ReleaseAssignment

# The assigner's answers that are about the team, and not about a mistake of ours.
REFUSALS = frozenset(
    {
        ProblemType.UNKNOWN_MEMBER,
        ProblemType.MEMBER_AWAY,
        ProblemType.MEMBER_FULL,
        ProblemType.NO_MEMBER_AVAILABLE,
    }
)


class AssignmentActivities:
    """The activities that need the assigner."""

    def __init__(self, assigner: AssignerClient) -> None:
        """Use this client."""
        self._assigner = assigner

    async def assign_task(self, _: WorkflowActivityContext, step: AssignTask) -> AssignTaskResult:
        """Assign a task; that nobody can take it is a result."""
        try:
            assignment = await self._assigner.assign(step.key, step.request)
        except PeerRefused as error:
            if error.problem is not None and error.problem.type in REFUSALS:
                return AssignTaskResult(refusal=error.problem.detail)
            raise NonRetryableError(str(error)) from error
        return AssignTaskResult(assignment=assignment)

    async def release_assignment(self, _: WorkflowActivityContext, step: ReleaseAssignment) -> None:
        """Release an assignment, whether it was made or not."""
        await self._assigner.release(step.key)
