"""What the SDK 1.19 has in private modules only; no other module imports those."""

from dapr.ext.workflow._durabletask import worker as sdk_worker
from dapr.ext.workflow._durabletask.internal import helpers, protos
from dapr.ext.workflow._durabletask.internal.orchestrator_service_pb2_grpc import (
    TaskHubSidecarServiceStub,
)
from dapr.ext.workflow._durabletask.task import (
    CompositeTask,
    NonDeterminismError,
    NonRetryableError,
    RetryableTask,
    Task,
)
from dapr.ext.workflow._durabletask.worker import _OrchestrationExecutor as WorkflowExecutor
from dapr.ext.workflow._durabletask.worker import _Registry as Registry
from dapr.ext.workflow._durabletask.worker import _RuntimeOrchestrationContext as WorkflowContext
from dapr.ext.workflow._model_protocol import coerce_to_model, resolve_input

__all__ = [
    "CompositeTask",
    "NonDeterminismError",
    "NonRetryableError",
    "Registry",
    "RetryableTask",
    "Task",
    "TaskHubSidecarServiceStub",
    "WorkflowContext",
    "WorkflowExecutor",
    "coerce_to_model",
    "helpers",
    "protos",
    "resolve_input",
    "sdk_worker",
]
