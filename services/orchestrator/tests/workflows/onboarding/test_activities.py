"""The terms of an onboarding."""

from orchestrator.testing.dependencies import activity_dependencies
from orchestrator.workflows.onboarding.activities import activities
from orchestrator.workflows.onboarding.models import VALIDATE_ONBOARDING, OnboardingRequest, Terms
from orchestrator.workflows.onboarding.settings import OnboardingSettings

REQUEST = {
    "onboarding_id": "1",
    "customer_id": "c1",
    "name": "Ada",
    "email": "ada@example.com",
    "verifier": "alice",
}


async def test_a_request_can_only_shorten_the_limits() -> None:
    settings = OnboardingSettings(
        onboarding_collect_within_seconds=100,
        onboarding_verify_within_seconds=200,
        onboarding_remind_every_seconds=50,
    )
    validate = activities(activity_dependencies(settings))[VALIDATE_ONBOARDING]
    asked = {"collect_within_seconds": 9, "verify_within_seconds": 500, "name": " "}
    given = await validate(None, OnboardingRequest.model_validate({**REQUEST, **asked}))
    assert given == Terms(
        rejection="Missing name",
        collect_within_seconds=9,
        verify_within_seconds=200,
        remind_every_seconds=50,
    )
