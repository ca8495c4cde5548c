"""Checks the step that a rerun begins at, and its new input. No I/O."""

from collections.abc import Mapping, Sequence
from inspect import signature
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from contracts.problems import ProblemType
from orchestrator.engine.registered_activities import handles_of
from orchestrator.toolkit import messages
from orchestrator.toolkit.activity_ref import ActivityRef
from orchestrator.toolkit.definition import Definition
from servicekit.problems import ProblemError, invalid

# What the engine reruns from: forkWorkflowHistory of Dapr 1.18.
STEPS = ("taskScheduled", "timerCreated", "childWorkflowInstanceCreated")


def check_step(
    definition: Definition,
    history: Sequence[Any],
    event_id: int,
    given: dict[str, Any] | None,
) -> None:
    """Check that an event is one to rerun from, and takes the input.

    Args:
        definition: The workflow.
        history: The events of the instance.
        event_id: The event, as `GET /instances/{id}/history` shows it.
        given: The new input of that step; None keeps the old one.

    Raises:
        ProblemError: There is no such step, or it takes no such input (422).
    """
    event = next((e for e in history if e.eventId == event_id), None)
    kind = None if event is None else event.WhichOneof("eventType")
    if event is None or kind not in STEPS:
        why = "there is none" if event is None else "it begins no step"
        raise ProblemError(
            ProblemType.VALIDATION, f"Event {event_id} is not one to rerun from: {why}"
        )
    if given is None:
        return
    if kind == "timerCreated":
        raise ProblemError(
            ProblemType.VALIDATION, f"Event {event_id} is a timer, which takes no input"
        )
    model = _models(definition).get(getattr(event, kind).name)
    if model is not None:
        try:
            TypeAdapter(model).validate_python(given)
        except ValidationError as error:
            raise invalid(error, "body", "input") from error


def _models(definition: Definition) -> Mapping[str, Any]:
    """Return the types of the inputs of a workflow's steps, by the step's name, where known."""
    shared = (value for value in vars(messages).values() if isinstance(value, ActivityRef))
    handles = (h for h in [*handles_of(definition), *shared] if isinstance(h, ActivityRef))
    found: dict[str, Any] = {str(handle): handle.input_model for handle in handles}
    for name, child in definition.children.items():
        _, taken, *_ = [*signature(child).parameters, None, None]
        found[name] = get_type_hints(child).get(taken or "")
    return found
