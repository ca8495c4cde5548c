"""What the 1.18 SDK offers by its private module only; no other module imports that."""

from dapr.ext.workflow._durabletask.task import NonRetryableError, Task, TaskFailedError

__all__ = ["NonRetryableError", "Task", "TaskFailedError"]
