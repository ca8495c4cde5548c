"""The activities of tracked tasks: they call the task's actor."""

from dapr.ext.workflow import WorkflowActivityContext

from orchestrator.toolkit.dependencies import Activities, ActivityDependencies
from orchestrator.workflows.tracked_task.adapters.task_actor_client import TaskActorClient
from orchestrator.workflows.tracked_task.models import (
    ARM_REMINDERS,
    FINISH_TASK,
    OPEN_TASK,
    RECORD_STEP,
    ArmReminders,
    FinishTask,
    Opened,
    OpenTask,
    RecordStep,
)
from orchestrator.workflows.tracked_task.settings import TrackedTaskSettings


def activities(dependencies: ActivityDependencies) -> Activities:
    """Return the activities that need the actor."""
    settings = dependencies.workflow_settings.of(TrackedTaskSettings)
    actor = TaskActorClient(dependencies.sidecar, settings.actor_timeout_seconds)

    async def open_task(_: WorkflowActivityContext, call: OpenTask) -> Opened:
        """Create the task, and return the settings that the workflow needs."""
        await actor.create(call.task_id, call.step)
        return Opened(lead=settings.escalate_to, limit_days=settings.tracked_limit_days)

    async def record_step(_: WorkflowActivityContext, call: RecordStep) -> None:
        """Add an entry to the task's history."""
        await actor.record(call.task_id, call.step)

    async def arm_reminders(_: WorkflowActivityContext, call: ArmReminders) -> None:
        """Assign the task, and arm its reminders."""
        await actor.arm(call.task_id, call.step)

    async def finish_task(_: WorkflowActivityContext, call: FinishTask) -> None:
        """End the task, and disarm its reminders."""
        await actor.finish(call.task_id, call.step)

    return {
        OPEN_TASK: open_task,
        RECORD_STEP: record_step,
        ARM_REMINDERS: arm_reminders,
        FINISH_TASK: finish_task,
    }
