"""The inbox lists waits as they are now, and takes claims and decisions for them."""

from collections.abc import Sequence
from contextlib import suppress
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
from orchestrator.engine.start_records import StartRecords
from orchestrator.inbox.claims import Claims
from orchestrator.inbox.service import Inbox, parse_payload, require_event
from orchestrator.operations.audit import DONE, Audit
from orchestrator.schemas.operations import AuditEntry
from orchestrator.schemas.waiting import ClaimRequest, DecisionRequest, WaitingQuery
from orchestrator.schemas.workflows import Progress, RuntimeStatus, Wait
from orchestrator.toolkit.accepted_events import AcceptedEvents
from orchestrator.visibility.index import InstanceIndex
from orchestrator.workflows.purchase.workflow import DEFINITION
from servicekit.problems import ProblemError
from servicekit.state import StoreUnavailable
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

    async def refresh_stale(self, instance_ids: Sequence[str]) -> bool:
        self.refreshed.append(set(instance_ids))
        self.index.put(replace(FIRST, status=RuntimeStatus.COMPLETED))
        return True


class World:
    """An inbox of two purchases that wait for their approval."""

    def __init__(self) -> None:
        store = self.store = MemoryStateStore()
        index = index_of(FIRST, SECOND)
        self.poller, self.client = FakePoller(index), FakeClient()
        self.claims, self.audit = Claims(store), Audit(store)
        self.channel = FakeChannel(GetInstance=[found(WAITING)])
        records = StartRecords(store)
        engine = Engine(  # type: ignore[arg-type]
            self.client, management(self.channel), 1.0, NO_TRACE_CONTEXTS, records
        )
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

    async def send(self, payload: dict[str, Any]) -> None:
        await self.inbox.send_event("purchase-1", "approval", payload)

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


async def test_an_event_is_a_decision_of_whom_its_payload_names(world: World) -> None:
    await world.claim("dana@example.com")
    with pytest.raises(ProblemError) as error:
        await world.send(APPROVED | {"approver": "eve"})
    assert error.value.type is ProblemType.CLAIMED
    assert world.client.raised == []
    await world.send(APPROVED)
    accepted, refused, _ = await world.trail()
    assert (refused.by, refused.action, refused.result) == ("eve", "decide", ProblemType.CLAIMED)
    assert (accepted.by, accepted.action, accepted.target, accepted.result, accepted.details) == (
        "dana@example.com",
        "decide",
        "purchase-1",
        DONE,
        {"event": "approval"},
    )


async def test_a_repeated_decision_succeeds_once_others_have_claimed_the_wait(
    world: World,
) -> None:
    await world.decide("dana", APPROVED)
    await world.claim("eve")
    await world.decide("dana", APPROVED)
    assert len(world.client.raised) == 1
    assert (await world.trail())[0].details == {"event": "approval", "repeated": True}
    with pytest.raises(ProblemError) as error:
        await world.decide("eve", APPROVED)
    assert error.value.type is ProblemType.ALREADY_DECIDED


@pytest.mark.parametrize("fails", range(1, 9))
async def test_a_decision_that_was_accepted_and_not_answered_is_no_conflict_for_its_author(
    world: World, fails: int
) -> None:
    world.store.writes_until_crash = fails
    with suppress(StoreUnavailable):
        await world.decide("dana", APPROVED)
    world.store.writes_until_crash = None
    await world.decide("dana", APPROVED)
    assert 1 <= len(world.client.raised) <= 2


async def test_nothing_is_recorded_of_an_instance_that_never_existed(world: World) -> None:
    world.channel.answers["GetInstance"] = [found(None)]
    for call in (
        world.claim("dana"),
        world.decide("dana", APPROVED),
        world.send(APPROVED),
    ):
        with pytest.raises(ProblemError) as error:
            await call
        assert error.value.type is ProblemType.NOT_FOUND
    assert world.store.data == {}


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
