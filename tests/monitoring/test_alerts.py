"""Each alert fires when it should, and links its explanation."""

import re
import subprocess
from pathlib import Path

import pytest

from support.monitoring import ALERTS, PROJECT, alert_names, program

TESTS = sorted((Path(__file__).parent / "alerts").glob("*.yaml"))
EXPLAINED = PROJECT / "docs" / "observability.md"


@pytest.mark.parametrize("tests", TESTS, ids=lambda path: path.stem)
def test_alerts_fire_when_they_should(tests: Path) -> None:
    done = subprocess.run(
        [program("promtool"), "test", "rules", str(tests)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("alert", alert_names())
def test_each_alert_is_tested_both_ways(alert: str) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in TESTS)
    assert re.search(rf"alertname: {alert}\n +exp_alerts:", text), "never seen to fire"
    assert re.search(rf"alertname: {alert}\}}", text), "never seen to be quiet"


@pytest.mark.parametrize("alert", alert_names())
def test_each_alert_is_explained(alert: str) -> None:
    assert f"#### {alert}\n" in EXPLAINED.read_text(encoding="utf-8")
    rule = ALERTS.read_text(encoding="utf-8").partition(f"- alert: {alert}\n")[2]
    assert f"runbook: docs/observability.md#{alert.lower()}\n" in rule.partition("- alert:")[0]
