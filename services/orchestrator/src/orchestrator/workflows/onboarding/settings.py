"""The settings of onboarding."""

from pydantic import Field

from orchestrator.toolkit.workflow_settings import WorkflowSettings


class OnboardingSettings(WorkflowSettings):
    """How long each part of an onboarding may take."""

    onboarding_collect_within_seconds: int = Field(
        default=7 * 24 * 3600, ge=1, description="How long a customer has to submit the documents"
    )
    onboarding_verify_within_seconds: int = Field(
        default=2 * 24 * 3600, ge=1, description="How long the verification of an identity may take"
    )
    onboarding_remind_every_seconds: int = Field(
        default=12 * 3600, ge=1, description="How often the verifier is reminded"
    )
