"""Validates a purchase, and reads the terms of its approval from the settings."""

from dapr.ext.workflow import WorkflowActivityContext

from orchestrator.toolkit.dependencies import Activities, ActivityDependencies
from orchestrator.workflows.purchase.models import VALIDATE_PURCHASE, PurchaseRequest, Terms
from orchestrator.workflows.purchase.settings import PurchaseSettings


def activities(dependencies: ActivityDependencies) -> Activities:
    """Return the activities of purchase approval alone."""
    settings = dependencies.workflow_settings.of(PurchaseSettings)

    async def validate_purchase(_: WorkflowActivityContext, purchase: PurchaseRequest) -> Terms:
        """Return the limit and the time to decide; a purchase may only shorten the time."""
        allowed = settings.purchase_decide_within_seconds
        return Terms(
            rejection=None if purchase.item.strip() else "Missing item",
            limit=settings.purchase_limit_cents,
            decide_within_seconds=min(allowed, purchase.decide_within_seconds or allowed),
        )

    return {VALIDATE_PURCHASE: validate_purchase}
