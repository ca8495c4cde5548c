"""The settings of orders."""

from functools import cached_property
from pathlib import Path

from pydantic import Field

from orchestrator.toolkit.workflow_settings import WorkflowSettings
from orchestrator.workflows.order.shop import Assortment


class OrderSettings(WorkflowSettings):
    """What the shop sells, and what its customers' wallets open with."""

    goods_file: Path = Path(__file__).parent / "goods.json"
    """What the shop of the orders sells, and how much of it its stock opens with."""
    wallet_credit_minor_units: int = Field(
        default=100_000, ge=0, description="What a customer's wallet opens with, such as in cents"
    )

    movements_kept_days: int = Field(
        default=400,
        ge=37,
        le=36_500,
        description="Days that the key of a movement of goods or money, or of a shipment, is "
        "known: a repeat moves nothing, and an order can compensate it",
    )

    @cached_property
    def assortment(self) -> Assortment:
        """What the goods file says; it is read once."""
        return Assortment.model_validate_json(self.goods_file.read_bytes())
