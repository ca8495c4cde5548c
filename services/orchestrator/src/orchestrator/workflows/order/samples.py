"""Orders that run as they stand: one for each way that they end."""

from typing import Any

from orchestrator.schemas.workflows import Sample
from orchestrator.workflows.order.models import OrderFault


def _sample(
    order_id: str, *lines: tuple[str, int], simulate: OrderFault | None = None
) -> dict[str, Any]:
    wanted = [{"sku": sku, "quantity": quantity} for sku, quantity in lines]
    request = {"order_id": order_id, "customer": "kim@example.com", "lines": wanted}
    return request if simulate is None else {**request, "simulate": simulate.value}


SAMPLES = {
    "completed": Sample(
        summary="An order that is shipped",
        request=_sample("1", ("pencil", 2), ("notebook", 1)),
    ),
    "retried": Sample(
        summary="Shipping fails twice, and succeeds at the third attempt",
        request=_sample("2", ("pencil", 2), simulate=OrderFault.SHIPPING_RETRIES),
    ),
    "compensated": Sample(
        summary="Shipping fails permanently: the money is refunded and the goods released",
        request=_sample("3", ("pencil", 2), simulate=OrderFault.SHIPPING),
    ),
    "refund retried": Sample(
        summary="Shipping fails permanently, and the refund succeeds at its fourth attempt",
        request=_sample("4", ("pencil", 2), simulate=OrderFault.REFUND_RETRIES),
    ),
    "customer not notified": Sample(
        summary="The notification fails: shipment, payment and reservation are compensated",
        request=_sample("5", ("pencil", 2), simulate=OrderFault.NOTIFICATION),
    ),
    "out of stock": Sample(
        summary="There is less than was ordered; what was reserved before is released",
        request=_sample("6", ("pencil", 2), ("chair", 1000)),
    ),
    "too expensive": Sample(
        summary="The wallet has less than the goods cost", request=_sample("7", ("piano", 1))
    ),
    "unknown goods": Sample(
        summary="There are no such goods", request=_sample("8", ("unicorn", 1))
    ),
}
