"""The ports of an order: stock, payments, shipping."""

from collections.abc import Sequence
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.workflows.order.models import Currency, Money, OrderLine, Sku, ValidatedOrder


class Goods(BaseModel):
    """A kind of goods, as the goods file has it."""

    model_config = ConfigDict(extra="forbid")

    sku: Sku
    name: str
    price: int = Field(ge=0, description="Of one, in the currency's smallest unit")
    quantity: int = Field(ge=0, description="How many the stock opens with")


class Assortment(BaseModel):
    """The goods that the shop sells."""

    model_config = ConfigDict(extra="forbid")

    currency: Currency
    goods: list[Goods]

    def find(self, sku: str) -> Goods | None:
        """Return the goods of that name; case matters."""
        return next((goods for goods in self.goods if goods.sku == sku), None)

    def check(self, lines: Sequence[OrderLine]) -> ValidatedOrder:
        """Return the price of the lines, or why the order is rejected."""
        total = 0
        for line in lines:
            goods = self.find(line.sku)
            if goods is None:
                return ValidatedOrder(rejection=f"There are no goods {line.sku}")
            total += goods.price * line.quantity
        return ValidatedOrder(total=self.money(total))

    def money(self, amount: int) -> Money:
        """Return an amount of the shop's currency."""
        return Money(amount=amount, currency=self.currency)


class Stock(Protocol):
    """How many of each kind of goods there are. Each key counts once."""

    async def reserve(self, key: str, sku: str, quantity: int) -> str | None:
        """Take goods out of the stock; return why not, where the stock is too low."""

    async def compensate(self, key: str) -> bool:
        """Put back what the key took; from now on it takes nothing. Return whether it had."""

    async def deliver(self, key: str, sku: str, quantity: int) -> None:
        """Add goods; raises KeyReused where the key added something else."""

    async def level(self, sku: str) -> int:
        """Return how many there are."""


class Payments(Protocol):
    """The customers' money. Each key counts once."""

    async def charge(self, key: str, customer: str, amount: int) -> str | None:
        """Take money out of a wallet; return why not, where the balance is too low."""

    async def compensate(self, key: str) -> bool:
        """Put back what the key took; from now on it takes nothing. Return whether it had."""

    async def deposit(self, key: str, customer: str, amount: int) -> None:
        """Add money; raises KeyReused where the key added something else."""

    async def balance(self, customer: str) -> int:
        """Return the balance of a wallet, in the currency's smallest unit."""


class Shipment(BaseModel):
    """Goods that were handed to the carrier."""

    key: str
    customer: str
    lines: list[OrderLine]
    cancelled: bool = False


class Shipping(Protocol):
    """The carrier. Each key counts once."""

    async def ship(self, shipment: Shipment) -> None:
        """Hand over goods; raises KeyCompensated where the key was compensated before."""

    async def compensate(self, key: str) -> bool:
        """Cancel what the key shipped; from now on it ships nothing. Return whether it had."""

    async def find(self, key: str) -> Shipment | None:
        """Return a shipment, cancelled or not."""
