"""The form of an order."""

from typing import Any

import pytest

from orchestrator.workflows.order.models import OrderRequest


@pytest.mark.parametrize(
    "wrong",
    [
        {"order_id": "a:b"},
        {"customer": "kim"},
        {"customer": "kim@x.org\x00"},
        {"lines": []},
        {"lines": [{"sku": "pencil", "quantity": 1}] * 21},
        {"lines": [{"sku": "pencil", "quantity": 0}]},
        {"lines": [{"sku": "pencil", "quantity": 1001}]},
        {"lines": [{"sku": "pencil", "quantity": "1"}]},
        {"lines": [{"sku": "pen|cil", "quantity": 1}]},
        {"lines": [{"sku": "pencil", "quantity": 1, "price": 0}]},
        {"simulate": "chaos"},
        {"total": 0},
    ],
)
def test_a_malformed_order_is_refused(wrong: dict[str, Any]) -> None:
    order = {
        "order_id": "1",
        "customer": "kim@example.com",
        "lines": [{"sku": "pencil", "quantity": 1}],
    }
    with pytest.raises(ValueError, match="validation error"):
        OrderRequest.model_validate(order | wrong)
