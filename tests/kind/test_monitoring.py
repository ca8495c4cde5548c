"""Prometheus scrapes every target, and Grafana shows it, where they are deployed."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from kind import access
from support.monitoring import alert_names, panel_queries, refuse_and_wait
from support.prometheus import Prometheus
from support.samples import Ended
from support.system import eventually

NAMESPACE = "taskway-monitoring"
READ = {
    *((job, name) for job in ("services", "sidecars") for name in (*access.PEERS, "orchestrator")),
    *(("dapr", name) for name in ("scheduler", "placement", "sentry", "operator", "injector")),
}
# A counter without an event has no series: of reminders that failed or were not delivered.
RIGHTLY_EMPTY = re.compile(r"dapr_scheduler_jobs_(failed|undelivered)_total")


@asynccontextmanager
async def opened(name: str, port: int) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of what is deployed to watch the system; skip where it is not."""
    if not access.objects("deployments", f"app.kubernetes.io/name={name}", NAMESPACE):
        pytest.skip(f"{name} is not deployed: tilt ci -- --monitoring")
    with access.port_forward(name, port, NAMESPACE) as url:
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
            yield client


# As long as `ended` lives, and asked for before it: where it is not there, no sample needs to run.
@pytest.fixture(scope="session")
async def prometheus() -> AsyncIterator[Prometheus]:
    """Prometheus in the cluster."""
    async with opened("prometheus", 9090) as client:
        yield Prometheus(client)


@pytest.fixture(scope="module")
async def grafana() -> AsyncIterator[httpx.AsyncClient]:
    """Grafana in the cluster."""
    async with opened("grafana", 3000) as client:
        yield client


@pytest.fixture(scope="module")
async def used(prometheus: Prometheus, ended: Ended) -> None:
    """Each sample has run, a start was refused, and somebody is waited for."""
    async with access.open_system() as system:
        await refuse_and_wait(system)


async def test_every_target_is_scraped(prometheus: Prometheus) -> None:
    async def read() -> bool | None:
        targets = await prometheus.targets()
        found = {(t["labels"]["job"], t["labels"]["service"]) for t in targets}
        return (found == READ and all(t["health"] == "up" for t in targets)) or None

    await eventually(read, "every target to be up")


async def test_the_alerts_are_loaded(prometheus: Prometheus) -> None:
    async def evaluated() -> dict[str, str] | None:
        rules = await prometheus.alerts()
        return {name: rule["health"] for name, rule in rules.items()} or None

    found = await eventually(evaluated, "the rules to be there")
    assert sorted(found) == sorted(alert_names())
    assert set(found.values()) <= {"ok", "unknown"}


@pytest.mark.usefixtures("used")
@pytest.mark.parametrize(("panel", "expr"), panel_queries())
async def test_each_panel_has_something_to_show(
    prometheus: Prometheus, panel: str, expr: str
) -> None:
    async def shown() -> bool | None:
        return bool(await prometheus.query(expr) or RIGHTLY_EMPTY.search(expr)) or None

    await eventually(shown, f"{panel}: {expr}", within=60)


async def test_grafana_shows_the_dashboard_without_login(grafana: httpx.AsyncClient) -> None:
    assert (await grafana.get("/api/health")).json()["database"] == "ok"
    found = (await grafana.get("/api/search", params={"type": "dash-db"})).json()
    assert [dashboard["uid"] for dashboard in found] == ["taskway"]
    saved = (await grafana.get("/api/dashboards/uid/taskway")).json()
    assert saved["meta"]["provisioned"]


async def test_grafana_queries_prometheus(grafana: httpx.AsyncClient) -> None:
    query = {"refId": "A", "datasource": {"uid": "prometheus"}, "expr": "up", "instant": True}
    body = {"queries": [query], "from": "now-5m", "to": "now"}
    answer = await grafana.post("/api/ds/query", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["results"]["A"]["frames"]


async def test_grafana_refuses_every_login(grafana: httpx.AsyncClient) -> None:
    login = {"user": "admin", "password": "admin"}
    assert (await grafana.post("/login", json=login)).status_code != 200
    answer = await grafana.get("/api/admin/settings", auth=("admin", "admin"))
    assert answer.status_code in (401, 403)
