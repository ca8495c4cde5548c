"""What tracked tasks contribute to the orchestrator."""

from orchestrator.toolkit.catalogue import HostedWorkflow
from orchestrator.workflows.tracked_task.activities import activities
from orchestrator.workflows.tracked_task.actor.host import hosting_actors
from orchestrator.workflows.tracked_task.adapters.task_actor_client import ACTOR_TYPE
from orchestrator.workflows.tracked_task.adapters.task_reminders import task_reminders
from orchestrator.workflows.tracked_task.routes import router
from orchestrator.workflows.tracked_task.settings import TrackedTaskSettings
from orchestrator.workflows.tracked_task.workflow import DEFINITION

WORKFLOW = HostedWorkflow(
    definition=DEFINITION,
    activities=activities,
    settings=(TrackedTaskSettings,),
    routers=(router,),
    background=hosting_actors,
    actor_types=(ACTOR_TYPE,),
    reminders=task_reminders,
)
