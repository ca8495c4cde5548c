"""Delivers events to workflows: each wait accepts one payload, however many are sent."""

from collections.abc import Awaitable, Callable

import structlog
from pydantic import BaseModel, ValidationError

from contracts.problems import ProblemType
from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.engine.client import Engine
from orchestrator.engine.problems import not_begun
from orchestrator.schemas.workflows import RuntimeStatus, Wait
from orchestrator.telemetry.trace_context import TraceContexts
from orchestrator.telemetry.wait_spans import add_wait_span
from orchestrator.toolkit.accepted_events import AcceptedEvent, AcceptedEvents, Sent
from orchestrator.toolkit.definition import Event
from orchestrator.toolkit.lives import life_of, root_of
from orchestrator.toolkit.messages import EventEnvelope
from servicekit.problems import ProblemError
from servicekit.state import StoreUnavailable

log = structlog.get_logger(__name__)

Admit = Callable[[Wait], Awaitable[None]]
"""Raises a problem where a wait takes no event from whoever sends it."""


async def anybody(_: Wait) -> None:
    """Admit everybody."""


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

    async def deliver(
        self,
        state: InstanceState,
        event: Event,
        payload: BaseModel,
        by: str | None = None,
        admit: Admit = anybody,
        wait_id: str | None = None,
    ) -> bool:
        """Accept a payload for the wait of an instance, and raise the event.

        The record is written before the event is raised, and then says that it was: where raising
        failed, the next request raises the accepted event again, and the workflow reads the record
        before it gives up. So what was recorded counts, an event that comes twice counts once, and
        a repeat adds nothing to the history. A repeat of what was accepted succeeds as it did,
        also once the wait is over or the instance has ended, as long as the record is kept.

        Args:
            state: The instance, as it was read for this request.
            event: One of its workflow's events.
            payload: What it carries.
            by: Who sends it, where that is known.
            admit: Raises a problem where the wait takes nothing from whoever sends it; it is not
                called for a repeat.
            wait_id: The wait that is meant; None for the one that is open.

        Returns:
            Whether it was accepted now; else it is a repeat.

        Raises:
            ProblemError: The instance has ended (410), does not wait for the event now, or its
                wait has accepted another payload, or the same from another person (409), or the
                engine does not answer, or has no code for the instance (503).
        """
        mine = AcceptedEvent(payload=payload.model_dump(mode="json"), by=by)
        try:
            wait = wait_of(state, event, wait_id)
        except ProblemError:
            if not await self._accepted_before(state, event, payload, mine, wait_id):
                raise
            return False
        instance_id = state.instance_id
        sent = Sent(wait_id=wait.id, event_key=event.key_for(wait.id, payload))
        accepted, now = await self._accepted_events.find(instance_id, sent.event_key), False
        if accepted is None:
            await admit(wait)
            accepted, now = await self._accept(state, event, mine, sent)
        await self._raise_once(instance_id, event, accepted, sent)
        if not now and not _same(event, accepted, mine):
            raise ProblemError(ProblemType.ALREADY_DECIDED, _why(accepted, event))
        if now:
            await add_wait_span(self._trace_contexts, instance_id, wait)
        return now

    async def _accept(
        self, state: InstanceState, event: Event, mine: AcceptedEvent, sent: Sent
    ) -> tuple[AcceptedEvent, bool]:
        payload = mine.payload or {}
        await self._accepted_events.remember(_root(state), event.name, payload, sent)
        return await self._accepted_events.accept_once(
            state.instance_id, sent.event_key, payload, mine.by
        )

    async def _accepted_before(
        self,
        state: InstanceState,
        event: Event,
        payload: BaseModel,
        mine: AcceptedEvent,
        wait_id: str | None,
    ) -> bool:
        """Return whether a wait that is over accepted this; raise what was not raised yet."""
        instance_id = state.instance_id
        sent = await self._sent_before(state, event, payload, wait_id)
        if sent is None:
            return False
        accepted = await self._accepted_events.find(instance_id, sent.event_key)
        if accepted is None or not _same(event, accepted, mine):
            return False
        if not state.terminal:
            await self._raise_once(instance_id, event, accepted, sent)
        return True

    async def _sent_before(
        self, state: InstanceState, event: Event, payload: BaseModel, wait_id: str | None
    ) -> Sent | None:
        if wait_id is not None:
            return Sent(wait_id=wait_id, event_key=event.key_for(wait_id, payload))
        if state.input is None:
            # Nothing says which life the instance is in.
            return None
        data = payload.model_dump(mode="json")
        return await self._accepted_events.recall(_root(state), event.name, data)

    async def _raise_once(
        self, instance_id: str, event: Event, accepted: AcceptedEvent, sent: Sent
    ) -> None:
        if accepted.raised or accepted.payload is None:
            return
        envelope = EventEnvelope(wait=sent.wait_id, payload=accepted.payload)
        await self._engine.raise_event(instance_id, event.name, envelope)
        try:
            await self._accepted_events.mark_raised(instance_id, sent.event_key)
        except StoreUnavailable as error:
            # It was raised, and is accepted: at the worst a repeat raises it once more.
            log.warning("event not marked as raised", instance_id=instance_id, error=str(error))


def wait_of(state: InstanceState, event: Event, wait_id: str | None = None) -> Wait:
    """Return the wait of an instance for an event.

    Args:
        state: Its state, with payloads.
        event: One of its workflow's events.
        wait_id: The wait that is meant; None for the one that is open.

    Raises:
        ProblemError: It has ended (410), does not wait for the event by that wait now (409), has
            not begun, or no worker has the code that it began with (503).
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
    if state.status is RuntimeStatus.PENDING:
        raise not_begun(instance_id)
    waits = [w for w in progress.waits if w.event == event.name] if progress else []
    wait = next((w for w in waits if wait_id in (None, w.id)), None)
    if wait is None:
        doing = f": {progress.message}" if progress else ""
        meant = f"{event.name} by the wait {wait_id}" if waits else event.name
        raise ProblemError(
            ProblemType.NOT_WAITING,
            f"Instance {instance_id} does not wait for {meant} now{doing}",
        )
    return wait


def _root(state: InstanceState) -> str:
    """Return the instance, and its life: what an earlier life accepted is no answer to this."""
    return root_of(state.instance_id, life_of(state.input))


def _same(event: Event, accepted: AcceptedEvent, mine: AcceptedEvent) -> bool:
    """Return whether what was accepted is what is sent: the payload, and by whom where known."""
    if accepted.payload is None or (accepted.by and mine.by and accepted.by != mine.by):
        return False
    try:
        # As models: a field that was added since has its default.
        parse = event.payload.model_validate
        return parse(accepted.payload) == parse(mine.payload)
    except ValidationError:
        return False


def _why(accepted: AcceptedEvent, event: Event) -> str:
    if accepted.payload is None:
        return f"The time for {event.name} is over"
    by = f" by {accepted.by}" if accepted.by else ""
    return f"Another {event.name} was accepted before{by}: {accepted.payload}"
