"""Delivers events to workflows: each wait accepts one payload, however many are sent."""

from pydantic import BaseModel

from contracts.problems import ProblemType
from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.engine.client import Engine
from orchestrator.schemas.workflows import RuntimeStatus, Wait
from orchestrator.telemetry.trace_context import TraceContexts
from orchestrator.telemetry.wait_spans import add_wait_span
from orchestrator.toolkit.accepted_events import AcceptedEvents
from orchestrator.toolkit.definition import Event
from orchestrator.toolkit.messages import EventEnvelope
from servicekit.problems import ProblemError


class Events:
    """Delivers events to instances that wait for them."""

    def __init__(
        self, engine: Engine, accepted_events: AcceptedEvents, trace_contexts: TraceContexts
    ) -> None:
        """Prepare to raise events.

        Args:
            engine: What raises them.
            accepted_events: Which payload a wait took.
            trace_contexts: Which trace an instance is part of.
        """
        self._engine = engine
        self._accepted_events = accepted_events
        self._trace_contexts = trace_contexts

    async def deliver(self, state: InstanceState, event: Event, payload: BaseModel) -> None:
        """Accept a payload for the wait of an instance, and raise the event.

        The record is written before the event is raised: where raising fails, the next request
        raises the accepted event again, and the workflow reads the record before it gives up. So
        what was recorded counts, and an event that comes twice counts once.

        Args:
            state: The instance, as it was read for this request.
            event: One of its workflow's events.
            payload: What it carries.

        Raises:
            ProblemError: The instance has ended (410), does not wait for the event now, or its
                wait has accepted one (409), or the engine does not answer, or has no code for the
                instance (503).
        """
        wait = wait_of(state, event)
        instance_id, key = state.instance_id, event.key_for(wait.id, payload)
        mine = payload.model_dump(mode="json")
        accepted, now = await self._accepted_events.accept_once(instance_id, key, mine)
        if accepted.payload is not None:
            envelope = EventEnvelope(wait=wait.id, payload=accepted.payload)
            await self._engine.raise_event(instance_id, event.name, envelope)
        if not now:
            raise ProblemError(ProblemType.ALREADY_DECIDED, _why(accepted.payload, event))
        await add_wait_span(self._trace_contexts, instance_id, wait)


def wait_of(state: InstanceState, event: Event) -> Wait:
    """Return the wait of an instance for an event.

    Args:
        state: Its state, with payloads.
        event: One of its workflow's events.

    Raises:
        ProblemError: It has ended (410), does not wait for the event now (409), or no worker has
            the code that it began with (503).
    """
    instance_id, progress = state.instance_id, state.progress
    if state.terminal:
        raise ProblemError(
            ProblemType.INSTANCE_FINISHED,
            f"Instance {instance_id} has ended ({state.status}), and takes no {event.name}",
        )
    if state.status is RuntimeStatus.STALLED:
        raise ProblemError(
            ProblemType.UNAVAILABLE,
            f"Instance {instance_id} waits for the code that it began with, which no worker "
            "has now; nothing is lost, try again when it is back",
            retry_after=60,
        )
    wait = next((w for w in progress.waits if w.event == event.name), None) if progress else None
    if wait is None:
        doing = f": {progress.message}" if progress else ""
        raise ProblemError(
            ProblemType.NOT_WAITING,
            f"Instance {instance_id} does not wait for {event.name} now{doing}",
        )
    return wait


def _why(payload: dict[str, object] | None, event: Event) -> str:
    if payload is None:
        return f"The time for {event.name} is over"
    return f"Another {event.name} was accepted before: {payload}"
