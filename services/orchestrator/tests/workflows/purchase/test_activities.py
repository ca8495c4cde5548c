"""The validation of purchases, and the terms of the settings."""

import pytest

from orchestrator.testing.dependencies import activity_dependencies
from orchestrator.workflows.purchase.activities import activities
from orchestrator.workflows.purchase.models import VALIDATE_PURCHASE, PurchaseRequest
from orchestrator.workflows.purchase.settings import PurchaseSettings

DAY = 24 * 3600
REQUEST = {"purchase_id": "1", "requester": "ann", "item": "A laptop", "amount": 100_000}
SETTINGS = PurchaseSettings(purchase_limit_cents=100_000, purchase_decide_within_seconds=DAY)


@pytest.mark.parametrize(("asked", "given"), [(None, DAY), (10, 10), (DAY, DAY), (2 * DAY, DAY)])
async def test_a_purchase_may_only_shorten_the_deadline(asked: int | None, given: int) -> None:
    validate = activities(activity_dependencies(SETTINGS))[VALIDATE_PURCHASE]
    request = PurchaseRequest.model_validate({**REQUEST, "decide_within_seconds": asked})
    terms = await validate(None, request)
    assert (terms.rejection, terms.limit, terms.decide_within_seconds) == (None, 100_000, given)


async def test_a_blank_item_is_refused() -> None:
    validate = activities(activity_dependencies(SETTINGS))[VALIDATE_PURCHASE]
    request = PurchaseRequest.model_validate({**REQUEST, "item": "  "})
    assert (await validate(None, request)).rejection == "Missing item"
