"""Replays a history by today's code, to see what the workflow stands at. No I/O."""

from collections.abc import Iterator, Sequence
from typing import Any

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
"""What a workflow waits for: the ids of the events that began it, each with how many attempts
there are at most, where it is tried again."""


class CannotReplay(Exception):
    """The code is not here, or does not do what its history says."""


def pending_tasks(registry: Registry, instance_id: str, history: Sequence[Any]) -> PendingTasks:
    """Return what an instance that has not ended waits for.

    A history alone does not tell how often a step is tried, nor whether a timer or event that it
    once waited for still matters: `when_any` goes on with the first.

    Args:
        registry: The workflows.
        instance_id: The instance.
        history: Its events, in order.

    Raises:
        CannotReplay: The code decides otherwise; the message says how.
    """
    context, run = WorkflowContext(instance_id), executor(registry)
    try:
        for event in history:
            run.process_event(context, event)
    except Exception as error:
        # Whatever the workflow raises: the engine would fail the instance by it.
        raise CannotReplay(f"{type(error).__name__}: {error}") from error
    if context._is_complete:
        raise CannotReplay("the code comes to its end, which the history does not")
    unheard = [
        action
        for action in context._pending_actions.values()
        if not helpers.is_optional_timer_action(action)
    ]
    if unheard:
        kinds = ", ".join(sorted(str(a.WhichOneof("workflowActionType")) for a in unheard))
        raise CannotReplay(f"the code decides what the history does not have: {kinds}")
    # Before the first turn there is none.
    standing_at = getattr(context, "_previous_task", None)
    leaves = {id(task): task for task in _leaves(standing_at)}
    found: PendingTasks = {}
    for event_id, task in context._pending_tasks.items():
        # While a step waits for its next attempt, a timer stands for it.
        step = leaves.get(id(task)) or leaves.get(id(task._retryable_parent))
        if step is not None:
            found[event_id] = (
                step._retry_policy.max_number_of_attempts
                if isinstance(step, RetryableTask)
                else None
            )
    return found


def _leaves(task: Task[Any] | None) -> Iterator[Task[Any]]:
    if isinstance(task, CompositeTask):
        for part in task.get_tasks():
            yield from _leaves(part)
    elif task is not None and not task.is_complete:
        yield task
