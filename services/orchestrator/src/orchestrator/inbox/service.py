"""The inbox: lists what waits for decisions, and takes claims and decisions."""

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ValidationError

from contracts.problems import ProblemType
from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.engine.client import Engine
from orchestrator.engine.event_delivery import Events, wait_of
from orchestrator.inbox.claims import Claims, check_claim
from orchestrator.inbox.listing import InboxItem, page_of
from orchestrator.inspection.former_ids import by_any_id
from orchestrator.operations.audit import Action, Audit
from orchestrator.schemas.waiting import (
    Claim,
    ClaimRequest,
    DecisionRequest,
    WaitingPage,
    WaitingQuery,
)
from orchestrator.schemas.workflows import EventAccepted, Wait
from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.toolkit.definition import Definition, Event
from orchestrator.visibility.index import InstanceIndex
from orchestrator.visibility.poller import Poller
from servicekit.problems import ProblemError, invalid

UNNAMED = "unnamed"
"""In the audit trail, whoever sends an event whose payload names nobody."""


class Inbox:
    """What users do with waits; each claim, release and decision is in the audit trail."""

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
        """Prepare the inbox.

        Args:
            catalogue: The hosted workflows.
            index: The instances, with their waits.
            poller: Refreshes those on a page.
            engine: Reads the instance that is claimed or decided.
            events: Delivers decisions.
            claims: Who has claimed what.
            audit: The audit trail.
        """
        self._catalogue = catalogue
        self._index = index
        self._poller = poller
        self._engine = engine
        self._events = events
        self._claims = claims
        self._audit = audit

    async def page(self, query: WaitingQuery) -> WaitingPage:
        """Return a page of the waits, earliest deadline first.

        Raises:
            InvalidCursor: The cursor is malformed.
        """
        # Twice: the refresh may find that some on the page were decided.
        shown, after = await self._list(query)
        if await self._poller.refresh_stale(list({item.entry.instance_id for item in shown})):
            shown, after = await self._list(query)
        names = [(item.entry.instance_id, item.wait.id) for item in shown]
        holders = await self._claims.holders(names)
        now = datetime.now(UTC)
        return WaitingPage(
            items=[
                item.to_api(now, holders[name]) for item, name in zip(shown, names, strict=True)
            ],
            next=after,
            index=self._index.state(),
        )

    async def _list(self, query: WaitingQuery) -> tuple[list[InboxItem], str | None]:
        entries, now = self._index.waiting(), datetime.now(UTC)
        return await page_of(self._catalogue, entries, query, query.cursor, query.limit, now)

    async def change_claim(
        self,
        instance_id: str,
        event_name: str,
        request: ClaimRequest,
        *,
        claim: bool,
        wait_id: str | None = None,
    ) -> Claim:
        """Claim a wait, or release it.

        Raises:
            ProblemError: The instance is unknown (404), has ended (410), does not wait for the
                event, or another user has claimed the wait (409).
        """
        state, event = await self._read(instance_id, event_name)
        action = Action(
            request.by, "claim" if claim else "release", instance_id, details={"event": event.name}
        )
        async with self._audit.recording(action):
            wait = wait_of(state, event, wait_id)
            holder = await self._claims.change(instance_id, wait.id, request.by, claim=claim)
            return Claim(instance_id=instance_id, event=event.name, claimed_by=holder)

    async def decide(
        self,
        instance_id: str,
        event_name: str,
        request: DecisionRequest,
        wait_id: str | None = None,
    ) -> EventAccepted:
        """Send a decision; of concurrent decisions, one is accepted.

        Raises:
            ProblemError: As `change_claim`; or the payload is invalid (422), or the wait is
                already decided (409).
        """
        state, event = await self._read(instance_id, event_name)
        payload = parse_payload(event, request.payload)
        return await self.send(state, event, payload, by=request.by, wait_id=wait_id)

    async def send_event(
        self,
        instance_id: str,
        event_name: str,
        payload: dict[str, Any],
        wait_id: str | None = None,
    ) -> EventAccepted:
        """Send an event by its name: a decision of whom the payload names, if it names anybody.

        Raises:
            ProblemError: As `decide`.
        """
        state, event = await self._read(instance_id, event_name)
        return await self.send(state, event, parse_payload(event, payload), wait_id=wait_id)

    async def send(
        self,
        state: InstanceState,
        event: Event,
        payload: BaseModel,
        by: str | None = None,
        wait_id: str | None = None,
    ) -> EventAccepted:
        """Send an event to an instance; a repeat of what was accepted succeeds as it did.

        Args:
            state: The instance, as it was read for this request.
            event: One of its workflow's events.
            payload: What it carries.
            by: Who sends it; by default whom the payload names, if it names anybody.
            wait_id: The wait that is meant; None for the one that is open.

        Raises:
            ProblemError: As `Events.deliver`; or another user has claimed the wait (409).
        """
        instance_id, sender = state.instance_id, by or event.person_of(payload)

        async def admit(wait: Wait) -> None:
            check_claim(await self._claims.holder(instance_id, wait.id), sender)

        action = Action(sender or UNNAMED, "decide", instance_id, details={"event": event.name})
        async with self._audit.recording(action):
            if not await self._events.deliver(state, event, payload, sender, admit, wait_id):
                action.details["repeated"] = True
            return EventAccepted(instance_id=instance_id, event=event.name)

    async def _read(self, instance_id: str, event_name: str) -> tuple[InstanceState, Event]:
        state = await by_any_id(instance_id, self._engine.state)
        return state, require_event(require_definition(self._catalogue, state), event_name)


def require_definition(catalogue: Catalogue, state: InstanceState) -> Definition:
    """Return the definition of the workflow that an instance runs.

    Raises:
        ProblemError: It is a child workflow, which takes no events (409).
    """
    definition = catalogue.of_workflow(state.name)
    if definition is None:
        raise ProblemError(
            ProblemType.NOT_WAITING,
            f"{state.instance_id} is a child workflow ({state.name}), which takes no events: "
            "send them to its parent",
        )
    return definition


def require_event(definition: Definition, name: str) -> Event:
    """Return a declared event of a workflow by its name.

    Raises:
        ProblemError: The workflow declares no such event (404).
    """
    event = definition.event(name)
    if event is None:
        known = ", ".join(e.name for e in definition.events) or "none"
        raise ProblemError(
            ProblemType.NOT_FOUND,
            f"{definition.name} takes no event {name!r}; it takes: {known}",
        )
    return event


def parse_payload(event: Event, payload: dict[str, Any]) -> BaseModel:
    """Return the payload of an event as its model.

    Raises:
        ProblemError: The payload is invalid (422).
    """
    try:
        return event.payload.model_validate(payload)
    except ValidationError as error:
        raise invalid(error, "body") from error
