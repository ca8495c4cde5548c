"""The workflow that runs a program, and the child workflow of its parts."""

from typing import Any

from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError

from orchestrator.schemas.workflows import Sample
from orchestrator.toolkit.definition import Definition
from orchestrator.toolkit.lives import key_root
from support.programs.interpreter import Frame, Interpreter
from support.programs.messages import (
    CHILD,
    COMPENSATE_EFFECT,
    ChildOutput,
    ChildState,
    ProgramState,
)
from support.programs.nodes import Effect, Outcome, ProgramOutput, ProgramRequest
from support.programs.signals import EVENTS
from support.programs.tasks import Steps

PATH = "/programs"


def program_workflow(ctx: DaprWorkflowContext, state: ProgramState) -> Steps[ProgramOutput | None]:
    """Run a generation of a program, and continue as new; compensate everything on failure."""
    interpreter = Interpreter(ctx, key_root(ctx))
    frame = Frame(effects=[*state.effects], compensated=[*state.compensated])
    node = state.generations[state.generation]
    try:
        digest = yield from interpreter.run(node, state.digest, frame)
    except TaskFailedError:
        yield from interpreter.compensate(frame)
        return ProgramOutput(outcome=Outcome.COMPENSATED, digest=0, compensated=frame.compensated)
    if state.generation + 1 < len(state.generations):
        ctx.continue_as_new(_following(state, digest, frame), save_events=True)
        return None
    return ProgramOutput(outcome=Outcome.COMPLETED, digest=digest, compensated=frame.compensated)


def program_child_workflow(
    ctx: DaprWorkflowContext, state: ChildState
) -> Steps[ChildOutput | None]:
    """Run a generation of a child; on failure compensate all that it did, and fail."""
    interpreter = Interpreter(ctx, state.root)
    frame, digest = Frame(effects=[*state.effects]), state.digest
    if state.probe is not None and state.generation == 0:
        digest = yield from interpreter.probe(state.probe, digest, frame)
    node = state.generations[state.generation]
    try:
        digest = yield from interpreter.run(node, digest, frame)
    except TaskFailedError:
        yield from interpreter.compensate(frame)
        raise
    if state.generation + 1 < len(state.generations):
        ctx.continue_as_new(_following(state, digest, frame), save_events=True)
        return None
    return ChildOutput(digest=digest, effects=frame.effects)


def _following(state: ProgramState | ChildState, digest: int, frame: Frame) -> Any:
    carried = {
        "generation": state.generation + 1,
        "digest": digest,
        "effects": frame.effects,
        "compensated": frame.compensated,
    }
    return state.model_copy(update=carried).model_dump(mode="json")


DEFINITION = Definition(
    name="program",
    workflow_name="program_workflow",
    workflow=program_workflow,
    input=ProgramRequest,
    output=ProgramOutput,
    id_field="program_id",
    title="Program",
    description="Runs a generated program: see tests/support/programs.",
    compensations=(COMPENSATE_EFFECT,),
    path=PATH,
    events=tuple(EVENTS.values()),
    children={CHILD: program_child_workflow},
    samples={
        "effect": Sample(
            summary="One effect",
            request=ProgramRequest(program_id="1", generations=[Effect(id=1)]).model_dump(
                mode="json"
            ),
        )
    },
)
