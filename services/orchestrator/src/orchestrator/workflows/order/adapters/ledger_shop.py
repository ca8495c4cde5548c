"""A shop without an external system: stock, wallets and shipments are in the state store."""

from dataclasses import dataclass
from datetime import timedelta

from pydantic import BaseModel

from orchestrator.toolkit.ledger import KeyCompensated, Ledger
from orchestrator.workflows.order.settings import OrderSettings
from orchestrator.workflows.order.shop import Assortment, Payments, Shipment, Shipping, Stock
from servicekit.state import StateStore


@dataclass(frozen=True)
class Shop:
    """The ports of an order.

    Args:
        assortment: What is sold, and for how much.
        stock: How much of it there is.
        payments: The customers' wallets.
        shipping: The carrier.
    """

    assortment: Assortment
    stock: Stock
    payments: Payments
    shipping: Shipping


def open_shop(store: StateStore, settings: OrderSettings) -> Shop:
    """Return the shop of the settings over a store; one for each event loop."""
    assortment, kept = settings.assortment, timedelta(days=settings.movements_kept_days)
    return Shop(
        assortment,
        LedgerStock(store, assortment, kept),
        LedgerPayments(store, assortment, settings.wallet_credit_minor_units, kept),
        StoredShipping(store, kept),
    )


class LedgerStock:
    """The stock, which opens with what the assortment says."""

    def __init__(self, store: StateStore, assortment: Assortment, kept: timedelta) -> None:
        """Keep it in `store`, and the keys of movements for as long as `kept`."""
        self._assortment = assortment
        self._ledger = Ledger(store, "stock", self._opening, kept)

    def _opening(self, sku: str) -> int:
        goods = self._assortment.find(sku)
        return goods.quantity if goods else 0

    async def reserve(self, key: str, sku: str, quantity: int) -> str | None:
        """Take goods out of the stock; return why not, where the stock is too low."""
        short = await self._ledger.take(key, sku, quantity)
        return f"There are {short.available} of {sku}, and not {quantity}" if short else None

    async def compensate(self, key: str) -> bool:
        """Put back what the key took; from now on it takes nothing. Return whether it had."""
        return await self._ledger.compensate(key) > 0

    async def deliver(self, key: str, sku: str, quantity: int) -> None:
        """Add goods."""
        await self._ledger.deposit(key, sku, quantity)

    async def level(self, sku: str) -> int:
        """Return how many there are."""
        return await self._ledger.balance(sku)


class LedgerPayments:
    """Wallets; each opens with the same credit at its first use."""

    def __init__(
        self, store: StateStore, assortment: Assortment, credit: int, kept: timedelta
    ) -> None:
        """Keep them in `store`; `credit` is in the currency's smallest unit."""
        self._assortment = assortment
        self._ledger = Ledger(store, "wallet", lambda _: credit, kept)

    async def charge(self, key: str, customer: str, amount: int) -> str | None:
        """Take money out of a wallet; return why not, where the balance is too low."""
        short = await self._ledger.take(key, customer, amount)
        if short is None:
            return None
        has, price = (self._assortment.money(n) for n in (short.available, amount))
        return f"The wallet of {customer} has {has}, and not {price}"

    async def compensate(self, key: str) -> bool:
        """Put back what the key took; from now on it takes nothing. Return whether it had."""
        return await self._ledger.compensate(key) > 0

    async def deposit(self, key: str, customer: str, amount: int) -> None:
        """Add money."""
        await self._ledger.deposit(key, customer, amount)

    async def balance(self, customer: str) -> int:
        """Return the balance of a wallet."""
        return await self._ledger.balance(customer)


class ShipmentRecord(BaseModel):
    """The state of a key: None where it was compensated before it was shipped."""

    shipment: Shipment | None


class StoredShipping:
    """A carrier that only keeps a record of each shipment."""

    def __init__(self, store: StateStore, kept: timedelta) -> None:
        """Keep the shipments in `store`, each for as long as `kept`."""
        self._store = store
        self._kept = kept

    async def ship(self, shipment: Shipment) -> None:
        """Hand over goods; the same key again ships nothing more.

        Raises:
            KeyCompensated: The key was compensated before.
        """
        record = ShipmentRecord(shipment=shipment)
        recorded, _ = await self._store.put_if_absent(
            _record_key(shipment.key), record, ttl=self._kept
        )
        if recorded != record:
            raise KeyCompensated(f"{shipment.key} was compensated")

    async def compensate(self, key: str) -> bool:
        """Cancel what the key shipped; from now on it ships nothing. Return whether it had."""
        record = await self._store.update(
            _record_key(key), ShipmentRecord, _cancelled, ttl=self._kept
        )
        return record.shipment is not None

    async def find(self, key: str) -> Shipment | None:
        """Return a shipment, cancelled or not."""
        record = (await self._store.get(_record_key(key), ShipmentRecord)).value
        return record.shipment if record else None


def _cancelled(record: ShipmentRecord | None) -> ShipmentRecord:
    if record is None or record.shipment is None:
        return ShipmentRecord(shipment=None)
    return ShipmentRecord(shipment=record.shipment.model_copy(update={"cancelled": True}))


def _record_key(key: str) -> str:
    return f"shipment:{key}"
