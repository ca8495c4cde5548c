"""The shop of the orders in memory, with a notifier, for tests of the saga."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx

from contracts.notifier import Notification, NotificationRequest, NotificationStatus
from orchestrator.settings import Settings
from orchestrator.testing.dependencies import activity_dependencies
from orchestrator.testing.environment import OUTAGE_TERMS, Run, execute
from orchestrator.toolkit.activities import notification
from orchestrator.toolkit.dependencies import ActivityDependencies
from orchestrator.toolkit.messages import SEND_NOTIFICATION
from orchestrator.toolkit.outage_wait import READ_OUTAGE_TERMS, OutageTerms
from orchestrator.workflows.order.activities import activities
from orchestrator.workflows.order.adapters.ledger_shop import Shop, open_shop
from orchestrator.workflows.order.models import SHIP_ORDER, OrderRequest
from orchestrator.workflows.order.settings import OrderSettings
from orchestrator.workflows.order.shop import Shipment
from orchestrator.workflows.order.workflow import DEFINITION
from servicekit.testing import MemoryStateStore

CREDIT = 100_000
PENCILS = 100_000


class Inbox:
    """A notifier that keeps the first message of each key; with `down` it is unavailable."""

    def __init__(self, down: bool = False) -> None:
        self.down = down
        self.messages: dict[str, NotificationRequest] = {}

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            return httpx.Response(503)
        key = request.url.path.rpartition("/")[2]
        message = NotificationRequest.model_validate_json(request.content)
        self.messages.setdefault(key, message)
        sent = Notification(
            key=key,
            status=NotificationStatus.DELIVERED,
            attempts=1,
            created_at=datetime.now(UTC),
            **message.model_dump(),
        )
        return httpx.Response(200, content=sent.model_dump_json())


# Read once: an attempt may well be made a thousand times.
SERVICE, ORDERS = Settings(), OrderSettings()


class World:
    """The activities over a store in memory, each attempt in a process of its own."""

    def __init__(
        self,
        inbox: Inbox | None = None,
        crashes: list[int | None] | None = None,
        outage_terms: OutageTerms = OUTAGE_TERMS,
    ) -> None:
        self.inbox = inbox or Inbox()
        self._outage_terms = outage_terms
        self.data: dict[str, tuple[str, str]] = {}
        self._crashes = crashes or []
        self._lands = False

    def shop(self) -> Shop:
        return open_shop(MemoryStateStore(self.data), ORDERS)

    def _dependencies(self) -> ActivityDependencies:
        store = MemoryStateStore(self.data)
        if self._crashes:
            # Alternately the write that crashes has landed, and has not.
            store.writes_until_crash = self._crashes.pop()
            store.crash_lands = self._lands = not self._lands
        http = httpx.AsyncClient(
            base_url="http://sidecar", transport=httpx.MockTransport(self.inbox.answer)
        )
        return activity_dependencies(ORDERS, store=store, http=http, settings=SERVICE)

    def stub(self, name: str) -> Callable[[Any], Any]:
        def act(data: dict[str, Any]) -> Any:
            dependencies = self._dependencies()
            activity = {**activities(dependencies), **notification.activities(dependencies)}[name]
            model = next(v for k, v in activity.__annotations__.items() if k not in ("_", "ctx"))
            return asyncio.run(activity(None, model.model_validate(data)))

        return act

    def order(self, *lines: tuple[str, int], order_id: str = "1", **request: Any) -> Run:
        wanted = [{"sku": sku, "quantity": quantity} for sku, quantity in lines or [("pencil", 2)]]
        order = OrderRequest.model_validate(
            {"order_id": order_id, "customer": "kim@example.com", "lines": wanted, **request}
        )
        names = [*activities(self._dependencies()), SEND_NOTIFICATION]
        stubs = {name: self.stub(name) for name in names}
        done = execute(
            DEFINITION, order, {**stubs, READ_OUTAGE_TERMS: lambda _: self._outage_terms}
        )
        assert done.unreported() == []
        assert done.progress[-1].step == done.output["status"]
        return done

    def level(self, sku: str = "pencil") -> int:
        return asyncio.run(self.shop().stock.level(sku))

    def balance(self) -> int:
        return asyncio.run(self.shop().payments.balance("kim@example.com"))

    def shipment(self, order_id: str = "1") -> Shipment | None:
        return asyncio.run(self.shop().shipping.find(f"order-{order_id}:{SHIP_ORDER}"))

    def untouched(self) -> bool:
        shipment = self.shipment()
        shipped = shipment is not None and not shipment.cancelled
        return (self.level(), self.balance(), shipped) == (PENCILS, CREDIT, False)
