"""What the checks find, and their remedies."""

import asyncio
from importlib.metadata import version
from typing import Any

import grpc
import httpx
import pytest
from grpc.aio import AioRpcError, Metadata

from orchestrator.dapr_sdk.torn import TornReads
from orchestrator.diagnostics import doctor
from orchestrator.diagnostics.doctor import Doctor
from orchestrator.schemas.system import SystemCheck
from orchestrator.storage.fill import Fill, FillUnknown
from orchestrator.storage.guard import StoreGuard
from orchestrator.toolkit.peers.health import PeerHealth
from servicekit.state import Model, StoreUnavailable, Versioned
from servicekit.testing import MemoryStateStore

WELL = {
    "runtimeVersion": "1.18.2",
    "components": [{"name": "actorstore", "type": "state.redis"}],
    "actorRuntime": {"placement": "placement: connected"},
    "workflows": {"connectedWorkers": 1},
}


class FakeManagement:
    """An engine that answers, or does not."""

    def __init__(self, *, torn: TornReads | None = None, up: bool = True) -> None:
        self.torn = torn or TornReads()
        self._up = up

    async def get_workflow_state(self, _: str, *, payloads: bool) -> None:
        if not self._up:
            raise AioRpcError(grpc.StatusCode.UNAVAILABLE, Metadata(), Metadata(), "refused")


class Unanswered:
    """An engine that never answers."""

    torn = TornReads()

    async def get_workflow_state(self, _: str, *, payloads: bool) -> None:
        await asyncio.Event().wait()


class UnavailableStore(MemoryStateStore):
    """A store that does not answer."""

    async def get(self, key: str, model: type[Model]) -> Versioned[Model]:
        raise StoreUnavailable(f"{key} cannot be read")


def sidecar(
    metadata: dict[str, Any] | None, *, scheduler: bool = True, notifier: int = 200
) -> httpx.AsyncClient:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1.0/invoke/assigner/method/readyz":
            return httpx.Response(200, json={"status": "ok"})
        if request.url.path == "/v1.0/invoke/notifier/method/readyz":
            error = {"errorCode": "ERR_DIRECT_INVOKE", "message": "connection refused"}
            return httpx.Response(notifier, json=error)
        if request.url.path == "/v1.0/metadata" and metadata is not None:
            return httpx.Response(200, json=metadata)
        if request.url.path == "/v1.0/jobs/doctor" and scheduler:
            return httpx.Response(500, json={"message": "job not found"})
        raise httpx.ReadTimeout("")

    return httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://sidecar")


async def checks(
    metadata: dict[str, Any] | None = None,
    *,
    scheduler: bool = True,
    engine: bool = True,
    store: MemoryStateStore | None = None,
    guard: StoreGuard | None = None,
    notifier: int = 200,
) -> dict[str, SystemCheck]:
    async with sidecar(metadata, scheduler=scheduler, notifier=notifier) as http:
        management: Any = FakeManagement(up=engine)
        doctor = Doctor(
            http, store or MemoryStateStore(), management, guard or StoreGuard([]), PeerHealth(http)
        )
        report = await doctor.report()
    return {check.name: check for check in report.checks}


def failed(found: dict[str, SystemCheck]) -> set[str]:
    """Return the names of the failed checks, each of which has a remedy."""
    for check in found.values():
        assert (check.advice is None) is check.ok, check
    return {name for name, check in found.items() if not check.ok}


async def test_all_checks_pass() -> None:
    assert failed(await checks(WELL)) == set()


@pytest.mark.parametrize("status", [500, 503])
async def test_a_peer_that_is_away_fails_its_check(status: int) -> None:
    found = await checks(WELL, notifier=status)
    assert failed(found) == {"notifier"}
    assert found["notifier"].detail.startswith("unreachable since 20")
    assert "connection refused" in found["notifier"].detail


async def test_an_unavailable_sidecar_fails_one_check() -> None:
    assert failed(await checks(None)) == {"sidecar"}


async def test_a_runtime_incompatible_with_the_sdk_is_a_warning() -> None:
    found = (await checks(WELL | {"runtimeVersion": "1.16.9"}))["versions"]
    assert found.ok
    assert found.advice is not None


@pytest.mark.parametrize("up", [True, False])
async def test_the_versions_of_runtime_and_sdk_are_reported(up: bool) -> None:
    async with sidecar(WELL if up else None) as http:
        management: Any = FakeManagement()
        found = await Doctor(
            http, MemoryStateStore(), management, StoreGuard([]), PeerHealth(http)
        ).versions()
    assert found.dapr_runtime == ("1.18.2" if up else None)
    assert found.dapr_sdk == version("dapr")
    assert found.orchestrator == version("taskway-orchestrator")


async def test_a_sidecar_without_worker_store_or_placement_fails_their_checks() -> None:
    metadata = WELL | {"workflows": {}, "components": [], "actorRuntime": {}}
    assert failed(await checks(metadata)) == {"workflow worker", "actor state store", "placement"}


async def test_a_disconnected_placement_fails_its_check() -> None:
    metadata = WELL | {"actorRuntime": {"placement": "placement: disconnected"}}
    assert failed(await checks(metadata)) == {"placement"}


async def test_an_unavailable_scheduler_fails_its_check() -> None:
    assert failed(await checks(WELL, scheduler=False)) == {"scheduler"}


async def test_an_unavailable_engine_and_store_fail_their_checks() -> None:
    store = UnavailableStore()
    found = await checks(WELL, engine=False, store=store)
    assert failed(found) == {"workflow engine", "state store"}
    assert found["workflow engine"].detail == "refused"


class Measured:
    """A store that is as full as a test says, or does not answer."""

    def __init__(self, used: int | None) -> None:
        self.used = used

    async def read(self) -> Fill:
        if self.used is None:
            raise FillUnknown("Redis: refused")
        return Fill("memory of Redis", self.used * 2**20, 100 * 2**20)


@pytest.mark.parametrize(
    ("used", "detail"),
    [
        (69, "69% of the memory of Redis (69 MiB of 100 MiB)"),
        (70, "70% of the memory of Redis (70 MiB of 100 MiB)"),
        (None, "unknown (Redis: refused)"),
    ],
)
async def test_the_fill_of_the_store_is_shown_and_warned_of(used: int | None, detail: str) -> None:
    guard = StoreGuard([Measured(used)])
    await guard.measure()
    found = await checks(WELL, guard=guard)
    assert found["store fill"].detail == detail
    assert failed(found) == (set() if used == 69 else {"store fill"})


async def test_the_checks_write_nothing() -> None:
    store = MemoryStateStore()
    store.writes_until_crash = 0
    assert failed(await checks(WELL, store=store)) == set()


async def test_what_never_answers_fails_its_check_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "TIMEOUT_SECONDS", 0.05)

    async def never(*_: object, **__: object) -> Any:
        await asyncio.Event().wait()

    store, management = MemoryStateStore(), Unanswered()
    monkeypatch.setattr(store, "get", never)
    transport = httpx.MockTransport(never)
    async with httpx.AsyncClient(transport=transport, base_url="http://sidecar") as http:
        unanswered: Any = management
        asked = doctor.Doctor(http, store, unanswered, StoreGuard([]), PeerHealth(http))
        report = await asyncio.wait_for(asked.report(), timeout=10)
        versions = await asyncio.wait_for(asked.versions(), timeout=10)
    found = {check.name: check for check in report.checks}
    assert failed(found) == {"sidecar", "scheduler", "workflow engine", "state store"}
    assert versions.dapr_runtime is None


async def test_a_sidecar_that_answers_something_else_fails_its_check() -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text="invalid api token"))
    management: Any = FakeManagement()
    async with httpx.AsyncClient(transport=transport, base_url="http://sidecar") as http:
        report = await Doctor(
            http, MemoryStateStore(), management, StoreGuard([]), PeerHealth(http)
        ).report()
    assert failed({check.name: check for check in report.checks}) == {"sidecar"}
