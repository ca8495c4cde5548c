"""The check of an address: its pause, and the addresses that the settings refuse."""

from typing import Any

import pytest

from orchestrator.testing.dependencies import activity_dependencies
from orchestrator.toolkit.workflow_settings import SettingsRegistry
from orchestrator.workflows.monitor.activities import activities, check_request, max_active
from orchestrator.workflows.monitor.models import CHECK_ADDRESS, CheckAddress, MonitorRequest
from orchestrator.workflows.monitor.settings import MonitorSettings

REQUEST = MonitorRequest(monitor_id="1", url="http://example.com/", notify="alice@example.com")


def settings(**values: Any) -> MonitorSettings:
    return MonitorSettings(monitor_interval_seconds=11, monitor_retry_seconds=3, **values)


def test_the_settings_refuse_an_internal_address() -> None:
    internal = REQUEST.model_copy(update={"url": "http://127.0.0.1:8000/healthz"})
    error = check_request(internal, SettingsRegistry([settings()]))
    assert error is not None
    assert (error.field, "internal" in error.message) == ("body.url", True)
    assert (
        check_request(internal, SettingsRegistry([settings(monitor_allow="127.0.0.0/8")])) is None
    )
    assert check_request(REQUEST, SettingsRegistry([settings()])) is None


@pytest.mark.parametrize("field", ["interval_seconds", "retry_seconds"])
def test_the_settings_refuse_a_shorter_pause(field: str) -> None:
    registry = SettingsRegistry([settings(monitor_min_seconds=5)])
    error = check_request(REQUEST.model_copy(update={field: 4}), registry)
    assert error is not None
    assert (error.field, "at least 5" in error.message) == (f"body.{field}", True)
    assert check_request(REQUEST.model_copy(update={field: 5}), registry) is None


def test_the_settings_limit_the_active_monitors() -> None:
    assert max_active(SettingsRegistry([settings(monitor_max_active=7)])) == 7


@pytest.mark.parametrize(
    ("own", "number", "ok", "pause"),
    [
        ({}, 3, False, 3),
        ({"retry_seconds": 1}, 4, False, 1),
        ({}, 5, False, 3),
        ({"interval_seconds": 9}, 3, False, 3),
    ],
)
async def test_the_pause_is_that_of_the_request_or_of_the_settings(
    own: dict[str, int], number: int, ok: bool, pause: float
) -> None:
    check = activities(activity_dependencies(settings()))[CHECK_ADDRESS]
    step = CheckAddress(
        url="http://localhost:1/",
        number=number,
        interval_seconds=own.get("interval_seconds"),
        retry_seconds=own.get("retry_seconds"),
        simulate="outage",
    )
    checked = await check(None, step)
    assert (checked.check.ok, checked.pause_seconds) == (ok, pause)
