"""The shop of the orders: its stock, wallets and shipments."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field, StringConstraints

from contracts.fields import EMAIL_PATTERN, RequestId
from contracts.problems import ProblemType
from orchestrator.api.deps import StoreDep, UploadDep, WorkflowSettingsDep
from orchestrator.toolkit.ledger import KeyReused
from orchestrator.workflows.order.adapters.ledger_shop import Shop, open_shop
from orchestrator.workflows.order.models import Money, Sku
from orchestrator.workflows.order.settings import OrderSettings
from orchestrator.workflows.order.shop import Goods, Shipment
from orchestrator.workflows.order.workflow import DEFINITION
from servicekit.params import KeyPath
from servicekit.problems import ProblemError, problem_responses

SkuPath = Annotated[Sku, Path(examples=["pencil"])]
# Unlike in a body, white space around an address is no part of it in a path.
CustomerPath = Annotated[
    str,
    StringConstraints(to_lower=True, pattern=EMAIL_PATTERN),
    Path(examples=["kim@example.com"]),
]
YourId = Annotated[RequestId, Path(description="Your name for it", examples=["1"])]


class DeliveryRequest(BaseModel, extra="forbid"):
    """Goods that come in."""

    quantity: int = Field(ge=1, le=1_000_000, strict=True)


class Delivery(DeliveryRequest):
    """Goods that came in."""

    sku: Sku
    delivery_id: RequestId


class StockLevel(BaseModel):
    """How many of a kind of goods there are."""

    sku: Sku
    name: str
    price: Money = Field(description="Of one")
    quantity: int


class DepositRequest(BaseModel, extra="forbid"):
    """Money that comes in."""

    amount: int = Field(
        ge=1, le=100_000_000, strict=True, description="In the smallest unit, such as cents"
    )


class Deposit(BaseModel):
    """Money that came in."""

    customer: str
    deposit_id: RequestId
    deposited: Money


class Wallet(BaseModel):
    """What a customer can pay."""

    customer: str
    balance: Money


router = APIRouter(tags=[DEFINITION.title])


async def _shop(store: StoreDep, settings: WorkflowSettingsDep) -> Shop:
    return open_shop(store, settings.of(OrderSettings))


ShopDep = Annotated[Shop, Depends(_shop)]


@router.get(
    "/stock/{sku}",
    summary="Show a stock level",
    responses=problem_responses(ProblemType.NOT_FOUND),
)
async def get_stock(sku: SkuPath, shop: ShopDep) -> StockLevel:
    """Return how much of a kind of goods there is."""
    goods = _known(shop, sku)
    return StockLevel(
        sku=sku,
        name=goods.name,
        price=shop.assortment.money(goods.price),
        quantity=await shop.stock.level(sku),
    )


@router.put(
    "/stock/{sku}/deliveries/{delivery_id}",
    summary="Deliver goods",
    description="Repeating the request adds nothing again.",
    responses=problem_responses(
        ProblemType.NOT_FOUND, ProblemType.KEY_REUSED, ProblemType.TOO_MANY_REQUESTS
    ),
)
async def put_delivery(
    sku: SkuPath,
    delivery_id: YourId,
    request: DeliveryRequest,
    shop: ShopDep,
    upload: UploadDep,
) -> Delivery:
    """Add goods to the stock."""
    _known(shop, sku)
    await upload.admit()
    try:
        await shop.stock.deliver(f"delivery:{sku}:{delivery_id}", sku, request.quantity)
    except KeyReused as error:
        detail = f"Delivery {delivery_id} of {sku} had another quantity"
        raise ProblemError(ProblemType.KEY_REUSED, detail) from error
    return Delivery(sku=sku, delivery_id=delivery_id, quantity=request.quantity)


@router.get(
    "/wallets/{customer}",
    summary="Show a wallet's balance",
    description="A wallet opens by itself, with the credit of the settings.",
)
async def get_wallet(customer: CustomerPath, shop: ShopDep) -> Wallet:
    """Return the balance of a wallet."""
    balance = await shop.payments.balance(customer)
    return Wallet(customer=customer, balance=shop.assortment.money(balance))


@router.put(
    "/wallets/{customer}/deposits/{deposit_id}",
    summary="Deposit money",
    description="Repeating the request adds nothing again.",
    responses=problem_responses(ProblemType.KEY_REUSED, ProblemType.TOO_MANY_REQUESTS),
)
async def put_deposit(
    customer: CustomerPath,
    deposit_id: YourId,
    request: DepositRequest,
    shop: ShopDep,
    upload: UploadDep,
) -> Deposit:
    """Add money to a wallet."""
    await upload.admit()
    try:
        await shop.payments.deposit(f"deposit:{customer}:{deposit_id}", customer, request.amount)
    except KeyReused as error:
        detail = f"Deposit {deposit_id} of {customer} had another amount"
        raise ProblemError(ProblemType.KEY_REUSED, detail) from error
    deposited = shop.assortment.money(request.amount)
    return Deposit(customer=customer, deposit_id=deposit_id, deposited=deposited)


@router.get(
    "/shipments/{key}",
    summary="Show a shipment",
    description="`key` is the `shipment` of the order's output.",
    responses=problem_responses(ProblemType.NOT_FOUND),
)
async def get_shipment(key: KeyPath, shop: ShopDep) -> Shipment:
    """Return a shipment, cancelled or not."""
    shipment = await shop.shipping.find(key)
    if shipment is None:
        raise ProblemError(ProblemType.NOT_FOUND, f"There is no shipment {key}")
    return shipment


def _known(shop: Shop, sku: str) -> Goods:
    goods = shop.assortment.find(sku)
    if goods is None:
        raise ProblemError(ProblemType.NOT_FOUND, f"There are no goods {sku}")
    return goods
