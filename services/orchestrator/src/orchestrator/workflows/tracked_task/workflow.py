"""A task with an actor: the workflow runs its steps, the actor has its state and reminders."""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError, when_any

from contracts.assigner import Assignment, AssignmentRequest
from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.definition import Definition
from orchestrator.toolkit.people import assign, notify, release
from orchestrator.toolkit.progress import report
from orchestrator.toolkit.waits import EventWait
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
    OpenTask,
    RecordStep,
    TrackedRequest,
    TrackedResult,
)
from orchestrator.workflows.tracked_task.samples import SAMPLES
from orchestrator.workflows.tracked_task.state import Arm, Create, Finish, Record, TaskState
from orchestrator.workflows.tracked_task.steps import (
    rejection_of,
    reminders_of,
    run_actor_step,
    signature,
    step_key,
)


def tracked_task_workflow(
    ctx: DaprWorkflowContext, request: TrackedRequest
) -> Generator[Task[Any], Any, TrackedResult]:
    """Assign the task, arm its actor's reminders, notify the assignee, and wait for the end."""
    started = ctx.current_utc_datetime.replace(tzinfo=UTC)
    due = request.due
    if request.due_in_seconds is not None:
        due = started + timedelta(seconds=request.due_in_seconds)

    report(ctx, OPEN_TASK, "Creating the task in its actor")
    create = Create(
        key=step_key(ctx, "create"),
        task_id=request.task_id,
        title=request.title,
        due=due,
        by=signature(ctx),
    )
    step = OpenTask(task_id=request.task_id, step=create)
    opened = yield from run_actor_step(ctx, OPEN_TASK, step)
    until = started + timedelta(days=opened.limit_days)
    if rejection := rejection_of(request, until):
        return (yield from _end(ctx, request, TaskState.REJECTED, rejection))

    named = (request.assignee or "").strip() or None
    wanted = AssignmentRequest(title=request.title, assignee=named, skills=request.skills)
    try:
        result = yield from assign(ctx, wanted, until=until.replace(tzinfo=None))
    except TaskFailedError as error:
        message = f"Assignment failed: {error.details.message}"
        return (yield from _end(ctx, request, TaskState.FAILED, message))
    if result.assignment is None:
        refusal = result.refusal or "Nobody is available for the task"
        return (yield from _end(ctx, request, TaskState.REJECTED, refusal))
    assignment: Assignment = result.assignment

    report(ctx, ARM_REMINDERS, f"Arming the reminders of {assignment.email}'s task")
    reminders = reminders_of(ctx, request, assignment, due, opened.lead)
    arm = Arm(
        key=step_key(ctx, "assigned"),
        what=f"assigned to {assignment.email}",
        by=signature(ctx),
        assignee=assignment.email,
        reminders=reminders,
    )
    yield from run_actor_step(ctx, ARM_REMINDERS, ArmReminders(task_id=request.task_id, step=arm))

    end = f", due at {due.isoformat()}" if due else ""
    body = f"You have been assigned task: {request.title}{end}"
    failure = yield from notify(
        ctx, assignment.email, "A task for you", body, until=until.replace(tzinfo=None)
    )
    if failure is not None:
        yield from release(ctx)
        message = f"{assignment.email} could not be notified: {failure}"
        return (yield from _end(ctx, request, TaskState.FAILED, message))
    # "told": the key and the words of recorded histories.
    what = f"{assignment.email} was told"
    notified = Record(key=step_key(ctx, "told"), what=what, by=signature(ctx))
    yield from run_actor_step(ctx, RECORD_STEP, RecordStep(task_id=request.task_id, step=notified))

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
    """Return how the task ended, or None where it expired.

    Not people's wait for a decision: there are two events, and the actor reminds.
    """
    last = until.replace(tzinfo=None)
    # One id, so that the API accepts one of the two events and refuses the second.
    waits = [
        EventWait(ctx, event, Ending, until=last, assigned_to=assignment.email, id="end")
        for event in (DONE, CANCEL)
    ]
    report(
        ctx,
        "wait",
        f"Waiting until {assignment.email} has done it; its actor reminds",
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
    """End the task in its actor, then report the outcome."""
    report(ctx, FINISH_TASK, "Ending the task in its actor")
    finish = Finish(
        key=step_key(ctx, "end"), what=f"{state}: {message}", by=by or signature(ctx), state=state
    )
    yield from run_actor_step(ctx, FINISH_TASK, FinishTask(task_id=request.task_id, step=finish))
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
    description="A task is assigned; until it is done, an actor reminds the assignee before it is "
    "due and notifies a lead when it is overdue.",
    path="/tasks",
    status_path="/instances/{instance_id}",
    search_fields=("title", "assignee", "skills"),
    samples=SAMPLES,
    events=(DONE, CANCEL),
)
