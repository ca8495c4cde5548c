"""What is deployed to watch the system, as files."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from support.system import System, somebody, unique

PROJECT = Path(__file__).parents[2]
ALERTS = PROJECT / "k8s" / "monitoring" / "prometheus" / "alerts.yaml"
DASHBOARD = PROJECT / "k8s" / "monitoring" / "grafana" / "taskway.json"
# What Grafana fills in.
FILLED_IN = {"$__rate_interval": "1m", "$workflow": ".*"}


def program(name: str) -> str:
    """Return where a program of Prometheus' is; without it, CI fails and others skip."""
    found = shutil.which(name)
    if found is None and os.environ.get("CI"):
        pytest.fail(f"CI must have {name}")
    if found is None:
        pytest.skip(f"needs {name} on PATH")
    return found


def alert_names() -> list[str]:
    """Return the names of the alerts."""
    return re.findall(r"- alert: (\w+)", ALERTS.read_text(encoding="utf-8"))


def panel_queries() -> list[tuple[str, str]]:
    """Return the queries of the dashboard, each with the title of its panel."""
    panels = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return [
        (panel["title"], _filled_in(target["expr"]))
        for panel in panels
        for target in panel.get("targets", [])
    ]


async def refuse_and_wait(system: System) -> None:
    """Have a start refused, and an instance wait: what panels show, and the samples leave out."""
    task = {"task_id": unique(), "title": "T", "assignee": somebody()}
    assert (await system.process(**task)).status_code == 202
    assert (await system.process(**task | {"title": "Other"})).status_code == 409
    await system.purchase()


def _filled_in(expr: str) -> str:
    for name, value in FILLED_IN.items():
        expr = expr.replace(name, value)
    return expr
