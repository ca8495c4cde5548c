"""The form of a purchase, and its price in words."""

from typing import Any

import pytest

from orchestrator.workflows.purchase.models import PurchaseRequest

REQUEST = {"purchase_id": "1", "requester": "ann", "item": "A laptop", "amount": 100_000}


def test_a_price_has_separators_and_its_currency() -> None:
    request = PurchaseRequest.model_validate({**REQUEST, "amount": 123456705, "currency": "CHF"})
    assert request.price == "1,234,567.05 CHF"


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": 0},
        {"amount": "5"},
        {"amount": 1.5},
        {"currency": "JPY"},
        {"decide_within_seconds": 0},
        {"approver": "a b"},
        {"requester": ""},
        {"item": ""},
        {"colour": "red"},
    ],
)
def test_a_malformed_purchase_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        PurchaseRequest.model_validate({**REQUEST, **wrong})
