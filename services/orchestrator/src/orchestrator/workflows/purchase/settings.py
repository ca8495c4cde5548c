"""The settings of purchase approval."""

from pydantic import Field

from orchestrator.toolkit.workflow_settings import WorkflowSettings


class PurchaseSettings(WorkflowSettings):
    """From which price on a purchase needs an approval, and how long that may take."""

    purchase_limit_cents: int = Field(
        default=100_000, ge=0, description="From this price on, somebody must approve a purchase"
    )
    purchase_decide_within_seconds: int = Field(
        default=24 * 3600, ge=1, description="How long an approver has; a purchase may ask for less"
    )
