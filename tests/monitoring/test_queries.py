"""Prometheus evaluates every query of the dashboard and every alert, and has their series."""

import re
from collections.abc import AsyncIterator

import pytest

from stack import Stack, StackOptions
from support.monitoring import alert_names, panel_queries, program, refuse_and_wait
from support.prometheus import Prometheus
from support.samples import run_samples
from support.stacks import connect_stack
from support.system import eventually
from support.watching import watching

# Self-hosted sidecars, and Dapr's control plane, have no metrics.
DAPR = re.compile(r'dapr_|job="(dapr|sidecars)"')
OURS = [query for query in panel_queries() if not DAPR.search(query[1])]
THEIRS = [query for query in panel_queries() if DAPR.search(query[1])]
# They alert on what this stack does not have.
OF_DAPR = {"SidecarDown", "DaprDown"}
# A sample has a refund fail three times, which does not last; of others a step fails permanently.
OF_SAMPLES = {"CompensationFails", "OutcomesFail"}
# How fast the machine is that runs the tests is not their matter.
OF_THE_MACHINE = {"ApiSlow"}


@pytest.fixture(scope="module")
async def watched(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """A stack for these tests alone: what others do to theirs may well alert."""
    program("prometheus")
    options = StackOptions(run_dir=tmp_path_factory.mktemp("watched"), prefer_port=None)
    async with Stack(options) as running:
        yield running


@pytest.fixture(scope="module")
async def prometheus(
    watched: Stack, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Prometheus]:
    """Prometheus beside it."""
    async with watching(watched, tmp_path_factory.mktemp("prometheus")) as prometheus:
        yield prometheus


@pytest.fixture(scope="module")
async def used(watched: Stack, prometheus: Prometheus) -> None:
    """Each sample has run, a start was refused, and somebody is waited for."""
    async with connect_stack(watched) as system:
        await run_samples(system)
        await refuse_and_wait(system)


@pytest.mark.parametrize(("panel", "expr"), OURS)
@pytest.mark.usefixtures("used")
async def test_each_query_of_our_metrics_has_a_result(
    prometheus: Prometheus, panel: str, expr: str
) -> None:
    async def shown() -> bool | None:
        return bool(await prometheus.query(expr)) or None

    await eventually(shown, f"{panel}: {expr}", within=30)


@pytest.mark.parametrize(("panel", "expr"), THEIRS)
async def test_each_query_of_dapr_metrics_is_valid(
    prometheus: Prometheus, panel: str, expr: str
) -> None:
    assert isinstance(await prometheus.query(expr), list), panel


@pytest.mark.usefixtures("used")
async def test_no_alert_is_pending_in_a_healthy_system(prometheus: Prometheus) -> None:
    alerts = await prometheus.alerts()
    assert sorted(alerts) == sorted(alert_names())
    assert {name: rule["lastError"] for name, rule in alerts.items() if rule.get("lastError")} == {}
    # Pending ones, too, for they have not had their time.
    found = {name for name, rule in alerts.items() if rule["state"] != "inactive"}
    assert found <= OF_DAPR | OF_SAMPLES | OF_THE_MACHINE


@pytest.mark.usefixtures("used")
async def test_outcomes_that_are_failures_alert(prometheus: Prometheus) -> None:
    async def noticed() -> bool | None:
        found = (await prometheus.alerts())["OutcomesFail"]["alerts"]
        return "order" in {alert["labels"]["workflow"] for alert in found} or None

    await eventually(noticed, "the samples' compensated orders to alert", within=30)


@pytest.mark.usefixtures("used")
async def test_a_service_that_is_down_alerts(prometheus: Prometheus, watched: Stack) -> None:
    await watched.terminate("notifier")

    async def noticed() -> bool | None:
        found = (await prometheus.alerts())["ServiceDown"]["alerts"]
        return [alert["labels"]["service"] for alert in found] == ["notifier"] or None

    await eventually(noticed, "ServiceDown to be pending", within=30)
