"""What waits for people: claimed, given back, decided."""

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ValidationError

from contracts.orchestrator import EventAccepted
from contracts.problems import FieldError, ProblemType
from contracts.waiting import Claim, ClaimRequest, DecisionRequest, WaitingPage, WaitingQuery
from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.engine.client import Engine, unknown_instance
from orchestrator.engine.event_delivery import Events, wait_of
from orchestrator.inbox.claims import Claims, refuse_other
from orchestrator.inbox.listing import Waiting, page_of
from orchestrator.operations.audit import Action, Audit
from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.toolkit.definition import Definition, Event
from orchestrator.visibility.index import InstanceIndex
from orchestrator.visibility.poller import Poller
from servicekit.problems import ProblemError


class Inbox:
    """The way in for people who decide; what they do is in the audit trail."""

    def __init__(
        self,
        catalogue: Catalogue,
        index: InstanceIndex,
        poller: Poller,
        engine: Engine,
        events: Events,
        claims: Claims,
        audit: Audit,
    ) -> None:
        """List by `index`; take decisions by `events`, unless `claims` has another holder."""
        self._catalogue = catalogue
        self._index = index
        self._poller = poller
        self._engine = engine
        self._events = events
        self._claims = claims
        self._audit = audit

    async def page(self, query: WaitingQuery) -> WaitingPage:
        """Return what waits, the soonest deadline first.

        Raises:
            InvalidCursor: The cursor is none.
        """
        # What is on the page and was decided meanwhile goes.
        shown, _ = self._look(query)
        await self._poller.refresh_stale(list({waiting.entry.instance_id for waiting in shown}))
        shown, after = self._look(query)
        names = [(waiting.entry.instance_id, waiting.wait.id) for waiting in shown]
        holders = await self._claims.holders(names)
        now = datetime.now(UTC)
        return WaitingPage(
            items=[w.item(now, holders[name]) for w, name in zip(shown, names, strict=True)],
            next=after,
            index=self._index.state(),
        )

    def _look(self, query: WaitingQuery) -> tuple[list[Waiting], str | None]:
        entries, now = self._index.entries(), datetime.now(UTC)
        return page_of(self._catalogue, entries, query, query.cursor, query.limit, now)

    async def change_claim(
        self, instance_id: str, event_name: str, request: ClaimRequest, *, claim: bool
    ) -> Claim:
        """Claim what waits, or give it back.

        Raises:
            ProblemError: It is unknown (404), ended (410), does not wait for the event, or somebody
                else sees to it (409).
        """
        action = Action(request.by, "claim" if claim else "release", instance_id)
        async with self._audit.recording(action):
            state, event = await self._read(instance_id, event_name)
            wait = wait_of(state, event)
            action.details["event"] = event.name
            holder = await self._claims.change(instance_id, wait.id, request.by, claim=claim)
            return Claim(instance_id=instance_id, event=event.name, claimed_by=holder)

    async def decide(
        self, instance_id: str, event_name: str, request: DecisionRequest
    ) -> EventAccepted:
        """Send a decision; of two at once one is accepted.

        Raises:
            ProblemError: As `change_claim`; not a valid payload (422), or it was decided (409).
        """
        action = Action(request.by, "decide", instance_id)
        async with self._audit.recording(action):
            state, event = await self._read(instance_id, event_name)
            wait = wait_of(state, event)
            action.details["event"] = event.name
            refuse_other(await self._claims.holder(instance_id, wait.id), request.by)
            await self._events.deliver(state, event, valid(event, request.payload))
            return EventAccepted(instance_id=instance_id, event=event.name)

    async def _read(self, instance_id: str, event_name: str) -> tuple[InstanceState, Event]:
        state = await self._engine.state(instance_id)
        definition = self._catalogue.of_workflow(state.name)
        if definition is None:
            raise unknown_instance(instance_id)
        return state, declared(definition, event_name)


def declared(definition: Definition, name: str) -> Event:
    """Return the event of that name of a workflow; 404 where it takes none such."""
    event = definition.event(name)
    if event is None:
        known = ", ".join(e.name for e in definition.events) or "none"
        raise ProblemError(
            ProblemType.NOT_FOUND,
            f"{definition.name} takes no event {name!r}; it takes: {known}",
        )
    return event


def valid(event: Event, payload: dict[str, Any]) -> BaseModel:
    """Return a payload as the event's model; 422 where it is none."""
    try:
        return event.payload.model_validate(payload)
    except ValidationError as error:
        errors = [
            FieldError(field=".".join(str(p) for p in ("body", *e["loc"])), message=e["msg"])
            for e in error.errors()
        ]
        detail = "; ".join(f"{e.field}: {e.message}" for e in errors)
        raise ProblemError(ProblemType.VALIDATION, detail, errors=errors) from error
