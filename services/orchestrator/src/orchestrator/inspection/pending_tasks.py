"""Replays a history with the current code, to find the pending tasks. No I/O."""

from collections.abc import Iterator, Sequence
from typing import Any

from orchestrator.dapr_sdk.executor import Recorded
from orchestrator.dapr_sdk.private import (
    CompositeTask,
    Registry,
    RetryableTask,
    Task,
    WorkflowContext,
    helpers,
)
from orchestrator.engine.replay_executor import executor

PendingTasks = dict[int, int | None]
"""The tasks that a workflow waits for, by the id of the event that began each: the maximum number
of attempts; None without a retry policy."""


class CannotReplay(Exception):
    """The workflow is not hosted here, or the current code decides other than the history."""


class CodeIsAhead(CannotReplay):
    """The code decides what the history says, and more: its last turn is missing."""


def pending_tasks(registry: Registry, instance_id: str, history: Sequence[Any]) -> PendingTasks:
    """Return the tasks that an instance that has not ended waits for.

    The history alone has neither the retry policy of a task, nor whether a timer or event that was
    once waited for still matters: `when_any` continues with the first.

    Args:
        registry: The hosted workflows.
        instance_id: The id of the instance.
        history: Its events, in order.

    Raises:
        CannotReplay: The message names the difference; CodeIsAhead where a turn is missing.
    """
    context, run = WorkflowContext(instance_id), executor(registry)
    run.recorded = Recorded.of(history)
    try:
        for event in history:
            run.process_event(context, event)
    except Exception as error:
        # Whatever the workflow raises would fail the instance on the engine, too.
        raise CannotReplay(f"{type(error).__name__}: {error}") from error
    if context._is_complete:
        raise CodeIsAhead("the code ends, the history does not")
    unrecorded = [
        action
        for action in context._pending_actions.values()
        if not helpers.is_optional_timer_action(action)
    ]
    if unrecorded:
        kinds = ", ".join(sorted(str(a.WhichOneof("workflowActionType")) for a in unrecorded))
        raise CodeIsAhead(f"the code schedules what the history does not have: {kinds}")
    # Before the first turn there is no such attribute.
    current = getattr(context, "_previous_task", None)
    leaves = {id(task): task for task in _leaves(current)}
    found: PendingTasks = {}
    for event_id, task in context._pending_tasks.items():
        # Between two attempts, a timer is pending in place of the task.
        awaited = leaves.get(id(task)) or leaves.get(id(task._retryable_parent))
        if awaited is not None:
            found[event_id] = (
                awaited._retry_policy.max_number_of_attempts
                if isinstance(awaited, RetryableTask)
                else None
            )
    return found


def _leaves(task: Task[Any] | None) -> Iterator[Task[Any]]:
    if isinstance(task, CompositeTask):
        for part in task.get_tasks():
            yield from _leaves(part)
    elif task is not None and not task.is_complete:
        yield task
