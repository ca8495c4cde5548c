"""A shop without an outside system: its stock, wallets and shipments are in the state store."""

from dataclasses import dataclass

from pydantic import BaseModel

from orchestrator.toolkit.ledger import Forbidden, Ledger
from orchestrator.workflows.order.settings import OrderSettings
from orchestrator.workflows.order.shop import Assortment, Payments, Shipment, Shipping, Stock
from servicekit.state import StateStore, until_written


@dataclass(frozen=True)
class Shop:
    """One of each.

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
    assortment = settings.assortment
    return Shop(
        assortment,
        LedgerStock(store, assortment),
        LedgerPayments(store, assortment, settings.wallet_credit_minor_units),
        StoredShipping(store),
    )


class LedgerStock:
    """The stock, which opens with what the assortment says."""

    def __init__(self, store: StateStore, assortment: Assortment) -> None:
        """Keep it in `store`."""
        self._assortment = assortment
        self._ledger = Ledger(store, "stock", self._opening)

    def _opening(self, sku: str) -> int:
        goods = self._assortment.find(sku)
        return goods.quantity if goods else 0

    async def reserve(self, key: str, sku: str, quantity: int) -> str | None:
        """Take goods out of the stock; return why not, where they do not suffice."""
        short = await self._ledger.take(key, sku, quantity)
        return f"There are {short.available} of {sku}, and not {quantity}" if short else None

    async def release(self, key: str) -> bool:
        """Put back what the key took, if anything, and forbid the key."""
        return await self._ledger.give_back(key) > 0

    async def deliver(self, key: str, sku: str, quantity: int) -> None:
        """Add goods."""
        await self._ledger.deposit(key, sku, quantity)

    async def level(self, sku: str) -> int:
        """Return how many there are."""
        return await self._ledger.balance(sku)


class LedgerPayments:
    """Wallets, each of which opens by itself with the same credit."""

    def __init__(self, store: StateStore, assortment: Assortment, credit: int) -> None:
        """Keep them in `store`; `credit` is in the currency's smallest unit."""
        self._assortment = assortment
        self._ledger = Ledger(store, "wallet", lambda _: credit)

    async def charge(self, key: str, customer: str, amount: int) -> str | None:
        """Take money out of a wallet; return why not, where it does not suffice."""
        short = await self._ledger.take(key, customer, amount)
        if short is None:
            return None
        has, price = (self._assortment.money(n) for n in (short.available, amount))
        return f"The wallet of {customer} has {has}, and not {price}"

    async def refund(self, key: str) -> bool:
        """Put back what the key took, if anything, and forbid the key."""
        return await self._ledger.give_back(key) > 0

    async def deposit(self, key: str, customer: str, amount: int) -> None:
        """Add money."""
        await self._ledger.deposit(key, customer, amount)

    async def balance(self, customer: str) -> int:
        """Return what a wallet has."""
        return await self._ledger.balance(customer)


class ShipmentRecord(BaseModel):
    """What became of a key: None where it was cancelled before it was shipped."""

    shipment: Shipment | None


class StoredShipping:
    """A carrier that only writes down."""

    def __init__(self, store: StateStore) -> None:
        """Keep the shipments in `store`."""
        self._store = store

    async def ship(self, shipment: Shipment) -> None:
        """Hand over goods, unless that was done before."""

        async def attempt() -> None:
            read = await self._store.get(_at(shipment.key), ShipmentRecord)
            if read.value is None:
                await self._store.put(_at(shipment.key), ShipmentRecord(shipment=shipment), None)
            elif read.value.shipment != shipment:
                raise Forbidden(f"{shipment.key} was cancelled")

        await until_written(shipment.key, attempt)

    async def cancel(self, key: str) -> bool:
        """Stop what the key shipped, if anything, and forbid the key."""

        async def attempt() -> bool:
            read = await self._store.get(_at(key), ShipmentRecord)
            shipment = read.value.shipment if read.value else None
            if read.value is None or (shipment and not shipment.cancelled):
                cancelled = shipment and shipment.model_copy(update={"cancelled": True})
                await self._store.put(_at(key), ShipmentRecord(shipment=cancelled), read.etag)
            return shipment is not None

        return await until_written(key, attempt)

    async def find(self, key: str) -> Shipment | None:
        """Return a shipment, cancelled or not."""
        record = (await self._store.get(_at(key), ShipmentRecord)).value
        return record.shipment if record else None


def _at(key: str) -> str:
    return f"shipment:{key}"
