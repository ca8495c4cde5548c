"""The validation of an onboarding."""

from typing import Any

import pytest

from orchestrator.workflows.onboarding.models import OnboardingRequest

REQUEST = {
    "onboarding_id": "1",
    "customer_id": "c1",
    "name": "Ada",
    "email": "ada@example.com",
    "verifier": "alice",
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "ada"},
        {"name": ""},
        {"customer_id": "a/b"},
        {"verify_within_seconds": 0},
        {"x": 1},
    ],
)
def test_a_malformed_request_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        OnboardingRequest.model_validate({**REQUEST, **wrong})
