"""The state of a monitor's loop: what a check changes, and what is still to be alerted."""

from datetime import UTC, datetime

import pytest

from orchestrator.workflows.monitor.state import AddressHealth, Change, Check, MonitorState

NOW = datetime(2026, 1, 1, tzinfo=UTC)
UP = Check(at=NOW, ok=True, status=200, milliseconds=1)
DOWN = Check(at=NOW, ok=False, milliseconds=1, error="no answer")
FIRST = MonitorState(started_at=NOW, next_check_at=NOW)


def after(*checks: Check) -> MonitorState:
    state = FIRST
    for check in checks:
        state = state.with_check_result(check, NOW)
    return state


@pytest.mark.parametrize(
    ("checks", "changes"),
    [((UP,), 0), ((UP, UP), 0), ((DOWN,), 1), ((DOWN, DOWN), 1), ((DOWN, UP), 2), ((UP, DOWN), 1)],
)
def test_a_change_is_a_turn_to_or_from_unhealthy(checks: tuple[Check, ...], changes: int) -> None:
    assert after(*checks).change_count == changes


def test_only_the_last_change_is_alerted_and_until_an_alert_succeeds() -> None:
    down = Change(number=1, at=NOW, health=AddressHealth.UNHEALTHY, found="no answer")
    state = after(DOWN)
    assert FIRST.unalerted_change() is None
    assert state.unalerted_change() == down
    failed = state.with_alert("the notifier is down")
    assert (failed.unalerted_change(), failed.alert_error) == (down, "the notifier is down")
    recovered = failed.with_check_result(UP, NOW)
    alert = recovered.unalerted_change()
    assert alert is not None
    assert (alert.number, alert.health, alert.found) == (
        2,
        AddressHealth.HEALTHY,
        "HTTP status 200",
    )
    alerted = recovered.with_alert(None)
    assert (alerted.unalerted_change(), alerted.alert_error) == (None, None)


def test_the_json_has_the_names_that_running_instances_carry() -> None:
    alerted = after(DOWN).with_alert(None)
    kept = alerted.model_dump(mode="json")
    assert (kept["changes"], kept["told"], kept["change"]["number"]) == (1, 1, 1)
    assert MonitorState.model_validate(kept) == alerted
