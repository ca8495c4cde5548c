"""The settings of purchase approval."""

from pydantic import Field

from orchestrator.toolkit.workflow_settings import WorkflowSettings


class PurchaseSettings(WorkflowSettings):
    """The limit of purchases without an approval, and the time for a decision."""

    purchase_limit_cents: int = Field(
        default=100_000, ge=0, description="From this price on, a purchase needs an approval"
    )
    purchase_decide_within_seconds: int = Field(
        default=24 * 3600, ge=1, description="How long an approver has; a purchase may shorten it"
    )
