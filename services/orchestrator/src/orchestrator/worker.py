"""Registers every workflow and activity with Dapr's worker."""

from logging import NullHandler

from dapr.ext.workflow import WorkflowRuntime
from dapr.ext.workflow.logger import LoggerOptions
from httpx import AsyncClient

from orchestrator import steps
from orchestrator.activities.assignment import AssignmentActivities
from orchestrator.activities.notification import NotificationActivities
from orchestrator.activities.validation import validate_task
from orchestrator.clients.assigner import AssignerClient
from orchestrator.clients.notifier import NotifierClient
from orchestrator.settings import Settings
from orchestrator.workflows import task_processing

# The SDK would add handlers of its own to loggers that the root handler serves already.
SDK_LOGS = LoggerOptions(log_handler=NullHandler())


def build_worker(http: AsyncClient, settings: Settings) -> WorkflowRuntime:
    """Return a worker that is not started yet; once a process, for the SDK marks the functions.

    Args:
        http: A client of the sidecar, for the activities alone: they run on the worker's own
            event loop.
        settings: Where the sidecar is, and how people are told.
    """
    runtime = WorkflowRuntime(
        host="127.0.0.1", port=str(settings.dapr_grpc_port), logger_options=SDK_LOGS
    )
    assignment = AssignmentActivities(AssignerClient(http))
    notification = NotificationActivities(NotifierClient(http), settings.notification_channel)

    runtime.register_workflow(task_processing.task_processing_workflow, name=task_processing.NAME)
    runtime.register_activity(validate_task, name=task_processing.VALIDATE_TASK)
    runtime.register_activity(assignment.assign_task, name=steps.ASSIGN_TASK)
    runtime.register_activity(assignment.release_assignment, name=steps.RELEASE_ASSIGNMENT)
    runtime.register_activity(notification.send_notification, name=steps.SEND_NOTIFICATION)
    return runtime
