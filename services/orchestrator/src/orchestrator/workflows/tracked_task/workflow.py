"""A task with an actor: the workflow carries it on, the actor holds it and watches the clock."""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError, when_any

from contracts.assigner import Assignment
from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.definition import Definition
from orchestrator.toolkit.messages import ASSIGN_TASK, SEND_NOTIFICATION
from orchestrator.toolkit.progress import report
from orchestrator.toolkit.waits import Waiting
from orchestrator.workflows.tracked_task.models import (
    ARM_REMINDERS,
    CANCEL,
    DONE,
    FINISH_TASK,
    OPEN_TASK,
    RECORD_STEP,
    ArmReminders,
    Done,
    Ending,
    FinishTask,
    Opened,
    OpenTask,
    RecordStep,
    TrackedRequest,
    TrackedResult,
)
from orchestrator.workflows.tracked_task.samples import SAMPLES
from orchestrator.workflows.tracked_task.state import Arm, Create, Finish, Record, TaskState
from orchestrator.workflows.tracked_task.steps import (
    assign,
    keep,
    key_of,
    myself,
    rejection_of,
    release,
    reminders_of,
    tell,
)


def tracked_task_workflow(
    ctx: DaprWorkflowContext, request: TrackedRequest
) -> Generator[Task[Any], Any, TrackedResult]:
    """Assign the task, have its actor watch the due time, and wait until it is done."""
    started = ctx.current_utc_datetime.replace(tzinfo=UTC)
    due = request.due
    if request.due_in_seconds is not None:
        due = started + timedelta(seconds=request.due_in_seconds)

    report(ctx, OPEN_TASK, "Beginning the task's record")
    create = Create(
        key=key_of(ctx, "create"),
        task_id=request.task_id,
        title=request.title,
        due=due,
        by=myself(ctx),
    )
    opened = Opened.model_validate(
        (yield from keep(ctx, OPEN_TASK, OpenTask(task_id=request.task_id, step=create)))
    )
    until = started + timedelta(days=opened.limit_days)
    if rejection := rejection_of(request, until):
        return (yield from _end(ctx, request, TaskState.REJECTED, rejection))

    report(ctx, ASSIGN_TASK, "Looking for somebody to do it")
    try:
        result = yield from assign(ctx, request)
    except TaskFailedError as error:
        # It is not known whether the last attempt reached the assigner.
        yield from release(ctx)
        message = f"Assignment failed: {error.details.message}"
        return (yield from _end(ctx, request, TaskState.FAILED, message))
    if result.assignment is None:
        refusal = result.refusal or "Nobody can take the task"
        return (yield from _end(ctx, request, TaskState.REJECTED, refusal))
    assignment: Assignment = result.assignment

    report(ctx, ARM_REMINDERS, f"Having the actor watch over {assignment.email}'s task")
    reminders = reminders_of(ctx, request, assignment, due, opened.lead)
    arm = Arm(
        key=key_of(ctx, "assigned"),
        what=f"assigned to {assignment.email}",
        by=myself(ctx),
        assignee=assignment.email,
        reminders=reminders,
    )
    yield from keep(ctx, ARM_REMINDERS, ArmReminders(task_id=request.task_id, step=arm))

    report(ctx, SEND_NOTIFICATION, f"Telling {assignment.email}")
    try:
        yield from tell(ctx, request, assignment, due)
    except TaskFailedError as error:
        yield from release(ctx)
        message = f"{assignment.email} could not be told: {error.details.message}"
        return (yield from _end(ctx, request, TaskState.FAILED, message))
    told = Record(key=key_of(ctx, "told"), what=f"{assignment.email} was told", by=myself(ctx))
    yield from keep(ctx, RECORD_STEP, RecordStep(task_id=request.task_id, step=told))

    ending = yield from _wait(ctx, assignment, until)
    yield from release(ctx)
    if ending is None:
        state, message, by = TaskState.EXPIRED, f"Nobody ended it by {until.isoformat()}", None
    elif isinstance(ending.root, Done):
        state, message, by = TaskState.DONE, ending.root.comment or "Done", ending.root.by
    else:
        state, message, by = TaskState.CANCELLED, ending.root.reason or "Cancelled", ending.root.by
    return (yield from _end(ctx, request, state, message, by, assignment.email))


def _wait(
    ctx: DaprWorkflowContext, assignment: Assignment, until: datetime
) -> Generator[Task[Any], Any, Ending | None]:
    """Return how the task ended, or None where time ran out; the watching is the actor's."""
    last = until.replace(tzinfo=None)
    # One id, so that the API lets in one of the two: whoever comes second is told so.
    waits = [
        Waiting(ctx, event, Ending, until=last, assigned_to=assignment.email, id="end")
        for event in (DONE, CANCEL)
    ]
    report(
        ctx,
        "wait",
        f"Waiting until {assignment.email} has done it; its actor watches the time",
        waits=[waiting.wait for waiting in waits],
    )
    tasks = [waiting.task() for waiting in waits]
    while True:
        first = yield when_any(tasks)
        position = tasks.index(first)
        try:
            ending = waits[position].accept(first.get_result())
        except TimeoutError:
            return (yield from waits[position].close())
        if ending is not None:
            return ending
        tasks[position] = waits[position].task()


def _end(
    ctx: DaprWorkflowContext,
    request: TrackedRequest,
    state: TaskState,
    message: str,
    by: str | None = None,
    assignee: str | None = None,
) -> Generator[Task[Any], Any, TrackedResult]:
    """Have the actor watch no longer and keep the outcome; then report it."""
    report(ctx, FINISH_TASK, "Recording how it ended")
    finish = Finish(
        key=key_of(ctx, "end"), what=f"{state}: {message}", by=by or myself(ctx), state=state
    )
    yield from keep(ctx, FINISH_TASK, FinishTask(task_id=request.task_id, step=finish))
    report(ctx, state, message)
    return TrackedResult(task_id=request.task_id, status=state, message=message, assignee=assignee)


DEFINITION = Definition(
    name="tracked",
    workflow_name="tracked_task_workflow",
    workflow=tracked_task_workflow,
    input=TrackedRequest,
    output=TrackedResult,
    id_field="task_id",
    title="Task with an actor",
    description="A task is assigned and then watched by an actor, which reminds the assignee "
    "before it is due and tells a lead when it is overdue, until somebody has done it.",
    path="/tasks",
    status_path="/instances/{instance_id}",
    search_fields=("title", "assignee", "skills"),
    samples=SAMPLES,
    events=(DONE, CANCEL),
)
