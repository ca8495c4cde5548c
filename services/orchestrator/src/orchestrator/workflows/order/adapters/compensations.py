"""Compensates an order's effects by their keys, where its workflow cannot any more."""

from orchestrator.toolkit.catalogue import Compensate
from orchestrator.toolkit.workflow_settings import SettingsRegistry
from orchestrator.workflows.order.adapters.ledger_shop import Shop, open_shop
from orchestrator.workflows.order.settings import OrderSettings
from servicekit.state import StateStore


def _shop(store: StateStore, settings: SettingsRegistry) -> Shop:
    return open_shop(store, settings.of(OrderSettings))


async def _release_stock(store: StateStore, settings: SettingsRegistry, key: str) -> None:
    await _shop(store, settings).stock.compensate(key)


async def _refund(store: StateStore, settings: SettingsRegistry, key: str) -> None:
    await _shop(store, settings).payments.compensate(key)


async def _cancel_shipment(store: StateStore, settings: SettingsRegistry, key: str) -> None:
    await _shop(store, settings).shipping.compensate(key)


COMPENSATIONS: dict[str, Compensate] = {
    "shipment:": _cancel_shipment,
    "wallet-movement:": _refund,
    "stock-movement:": _release_stock,
}
