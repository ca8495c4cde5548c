"""Takes events for workflows: each wait gets one payload, whoever else comes."""

from pydantic import BaseModel

from contracts.orchestrator import TERMINAL, RuntimeStatus, Wait
from contracts.problems import ProblemType
from orchestrator.engine.client import Engine
from orchestrator.engine.status import progress_of
from orchestrator.telemetry.trace_context import Origins
from orchestrator.telemetry.wait_spans import show_wait
from orchestrator.toolkit.accepted_events import AcceptedEvents
from orchestrator.toolkit.definition import Event
from orchestrator.toolkit.messages import EventEnvelope
from servicekit.problems import ProblemError


class Events:
    """The way into workflows that wait."""

    def __init__(self, engine: Engine, accepted_events: AcceptedEvents, origins: Origins) -> None:
        """Prepare to raise events.

        Args:
            engine: What raises them.
            accepted_events: Which payload a wait took.
            origins: Which trace an instance is part of.
        """
        self._engine = engine
        self._accepted_events = accepted_events
        self._origins = origins

    async def deliver(self, instance_id: str, event: Event, payload: BaseModel) -> None:
        """Let a payload into the wait of an instance, and wake the workflow.

        The record comes first, and the event second: where the second failed, the event of the
        record is raised again by whoever comes next, and the workflow looks at the record before
        it gives up. So what was recorded counts, and an event that comes twice counts once.

        Raises:
            ProblemError: There is no such instance (404), it has ended (410), it does not wait
                for the event now, or the wait is filled (409), or the engine does not answer, or
                has no code for the instance (503).
        """
        wait = await self.wait(instance_id, event)
        key = event.key_for(wait.id, payload)
        mine = payload.model_dump(mode="json")
        accepted, now = await self._accepted_events.accept_once(instance_id, key, mine)
        if accepted.payload is not None:
            envelope = EventEnvelope(wait=wait.id, payload=accepted.payload)
            await self._engine.raise_event(instance_id, event.name, envelope)
        if not now:
            raise ProblemError(ProblemType.ALREADY_DECIDED, _why(accepted.payload, event))
        await show_wait(self._origins, instance_id, wait)

    async def wait(self, instance_id: str, event: Event) -> Wait:
        """Return the wait of an instance for an event.

        Raises:
            ProblemError: There is no such instance (404), it has ended (410), or it does not wait
                for the event now (409).
        """
        state = await self._engine.state(instance_id)
        status = RuntimeStatus(state.runtime_status.name)
        if status in TERMINAL:
            raise ProblemError(
                ProblemType.INSTANCE_FINISHED,
                f"Instance {instance_id} has ended ({status}), and takes no {event.name}",
            )
        if status is RuntimeStatus.STALLED:
            raise ProblemError(
                ProblemType.UNAVAILABLE,
                f"Instance {instance_id} waits for the code that it began with, which no worker "
                "has now; nothing is lost, try again when it is back",
                retry_after=60,
            )
        progress = progress_of(state)
        wait = (
            next((w for w in progress.waits if w.event == event.name), None) if progress else None
        )
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
