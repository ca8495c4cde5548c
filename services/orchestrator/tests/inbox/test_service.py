"""The inbox lists waits as they are now, and takes claims and decisions for them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from unit_support.catalogue import CATALOGUE
from unit_support.engine import FakeChannel, FakeClient, found, management, raw_state
from unit_support.entries import entry, index_of, wait
from unit_support.untraced import NO_TRACE_CONTEXTS

from contracts.problems import ProblemType
from orchestrator.engine.client import Engine
from orchestrator.engine.event_delivery import Events
from orchestrator.inbox.claims import Claims
from orchestrator.inbox.service import Inbox, parse_payload, require_event
from orchestrator.operations.audit import Audit
from orchestrator.schemas.operations import AuditEntry
from orchestrator.schemas.waiting import ClaimRequest, DecisionRequest, WaitingQuery
from orchestrator.schemas.workflows import Progress, RuntimeStatus, Wait
from orchestrator.toolkit.accepted_events import AcceptedEvents
from orchestrator.visibility.index import InstanceIndex
from orchestrator.workflows.purchase.workflow import DEFINITION
from servicekit.problems import ProblemError
from servicekit.testing import MemoryStateStore

APPROVED = {"approved": True, "approver": "dana@example.com"}
WAITING = raw_state(
    instance_id="purchase-1",
    name=DEFINITION.workflow_name,
    progress=Progress(
        step="approval", message="Waiting", waits=[Wait(id="approval.1", event="approval")]
    ),
)
FIRST, SECOND = (
    entry(f"purchase-{number}", workflow="purchase", waits=(wait("approval"),)) for number in (1, 2)
)


class FakePoller:
    """Finds in a refresh that the first purchase has ended."""

    def __init__(self, index: InstanceIndex) -> None:
        self.index = index
        self.refreshed: list[set[str]] = []

    async def refresh_stale(self, instance_ids: Sequence[str]) -> None:
        self.refreshed.append(set(instance_ids))
        self.index.put(replace(FIRST, status=RuntimeStatus.COMPLETED))


class World:
    """An inbox of two purchases that wait for their approval."""

    def __init__(self) -> None:
        store = MemoryStateStore()
        index = index_of(FIRST, SECOND)
        self.poller, self.client = FakePoller(index), FakeClient()
        self.claims, self.audit = Claims(store), Audit(store)
        channel = FakeChannel(GetInstance=[found(WAITING)])
        engine = Engine(self.client, management(channel), 1.0, NO_TRACE_CONTEXTS)  # type: ignore[arg-type]
        self.inbox = Inbox(
            CATALOGUE,
            index,
            self.poller,  # type: ignore[arg-type]
            engine,
            Events(engine, AcceptedEvents(store), NO_TRACE_CONTEXTS),
            self.claims,
            self.audit,
        )

    async def claim(self, by: str, *, claim: bool = True) -> str | None:
        request = ClaimRequest(by=by)
        changed = await self.inbox.change_claim("purchase-1", "Approval", request, claim=claim)
        return changed.claimed_by

    async def decide(self, by: str, payload: dict[str, Any]) -> None:
        request = DecisionRequest(by=by, payload=payload)
        await self.inbox.decide("purchase-1", "approval", request)

    async def trail(self) -> list[AuditEntry]:
        return (await self.audit.page(None, 10)).items


@pytest.fixture
def world() -> World:
    return World()


async def test_a_page_leaves_out_what_its_refresh_finds_decided(world: World) -> None:
    await world.claims.change("purchase-2", "approval.1", "eve", claim=True)
    page = await world.inbox.page(WaitingQuery())
    assert [(item.instance_id, item.claimed_by) for item in page.items] == [("purchase-2", "eve")]
    assert world.poller.refreshed == [{"purchase-1", "purchase-2"}]


async def test_claim_and_release_are_in_the_audit_trail(world: World) -> None:
    assert await world.claim("dana") == "dana"
    assert await world.claim("dana", claim=False) is None
    release, claim = await world.trail()
    assert (claim.by, claim.action, claim.target) == ("dana", "claim", "purchase-1")
    assert (release.action, release.details) == ("release", {"event": "approval"})


async def test_a_decision_on_a_wait_of_another_user_is_rejected(world: World) -> None:
    await world.claim("dana")
    with pytest.raises(ProblemError) as error:
        await world.decide("eve", APPROVED)
    assert error.value.type is ProblemType.CLAIMED
    assert world.client.raised == []
    assert (await world.trail())[0].result == ProblemType.CLAIMED
    await world.decide("dana", APPROVED)
    [(instance_id, event, _)] = world.client.raised
    assert (instance_id, event) == ("purchase-1", "approval")


async def test_an_invalid_decision_raises_no_event(world: World) -> None:
    with pytest.raises(ProblemError) as error:
        await world.decide("dana", {"approved": "perhaps"})
    assert error.value.type is ProblemType.VALIDATION
    assert world.client.raised == []


def test_an_undeclared_event_is_not_found_and_the_declared_ones_are_named() -> None:
    with pytest.raises(ProblemError) as error:
        require_event(DEFINITION, "moon")
    assert error.value.type is ProblemType.NOT_FOUND
    assert error.value.detail.startswith("purchase takes no event 'moon'; it takes: approval")


def test_an_invalid_payload_names_its_fields() -> None:
    event = require_event(DEFINITION, "APPROVAL")
    with pytest.raises(ProblemError) as error:
        parse_payload(event, {"approved": "perhaps"})
    assert "body.approved" in {field.field for field in error.value.errors}
