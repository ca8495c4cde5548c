"""The three routes that take an event: each reads the instance once."""

from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from unit_support.catalogue import CATALOGUE
from unit_support.engine import FakeChannel, FakeClient, found, management, raw_state
from unit_support.untraced import NO_TRACE_CONTEXTS

from orchestrator.api.deps import opened_orchestrator
from orchestrator.engine.client import Engine
from orchestrator.engine.event_delivery import Events
from orchestrator.engine.start_records import StartRecords
from orchestrator.inbox.claims import Claims
from orchestrator.inbox.service import Inbox
from orchestrator.main import create_app
from orchestrator.operations.audit import Audit
from orchestrator.schemas.workflows import Progress, Wait
from orchestrator.settings import Settings
from orchestrator.toolkit.accepted_events import AcceptedEvents
from servicekit.testing import MemoryStateStore

APPROVAL = {"approved": True, "approver": "dana@example.com"}
WAITING = raw_state(
    instance_id="purchase-1",
    name="purchase_approval_workflow",
    progress=Progress(
        step="approval", message="Waiting", waits=[Wait(id="approval.1", event="approval")]
    ),
)


class World:
    """The application over an engine that has one purchase, which waits."""

    def __init__(self) -> None:
        store = MemoryStateStore()
        self.client = FakeClient()
        self.channel = FakeChannel(GetInstance=[found(WAITING)])
        engine = Engine(
            self.client, management(self.channel), 1.0, NO_TRACE_CONTEXTS, StartRecords(store)
        )
        events = Events(engine, AcceptedEvents(store), NO_TRACE_CONTEXTS)
        inbox = Inbox(CATALOGUE, None, None, engine, events, Claims(store), Audit(store))
        self.app = create_app(Settings(), CATALOGUE)
        parts = SimpleNamespace(engine=engine, events=events, inbox=inbox)
        self.app.dependency_overrides[opened_orchestrator] = lambda: parts

    async def post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://api") as http:
            return await http.post(path, json=body)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/purchase-orders/purchase-1/approval", APPROVAL),
        ("/instances/purchase-1/events/approval", APPROVAL),
        ("/waiting/purchase-1/approval/decide", {"by": "dana@example.com", "payload": APPROVAL}),
    ],
)
async def test_an_event_costs_one_read_of_its_instance(path: str, body: dict[str, Any]) -> None:
    world = World()
    answer = await world.post(path, body)
    assert answer.status_code == 200, answer.text
    [(instance_id, event, envelope)] = world.client.raised
    assert (instance_id, event, envelope["wait"]) == ("purchase-1", "approval", "approval.1")
    assert envelope["payload"]["approved"] is True
    assert [r.instanceId for r in world.channel.requests["GetInstance"]] == ["purchase-1"]
