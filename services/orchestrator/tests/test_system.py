"""What the doctor finds, and what is to be done."""

from typing import Any

import grpc
import httpx
from grpc.aio import AioRpcError, Metadata

from contracts.system import SystemCheck
from orchestrator.operations.system import System
from servicekit.testing import MemoryStateStore

WELL = {
    "runtimeVersion": "1.18.2",
    "components": [{"name": "actorstore", "type": "state.redis"}],
    "actorRuntime": {"placement": "placement: connected"},
    "workflows": {"connectedWorkers": 1},
}


class FakeManagement:
    """An engine that answers, or does not."""

    def __init__(self, *, up: bool = True) -> None:
        self._up = up

    async def get_workflow_state(self, _: str, *, payloads: bool) -> None:
        if not self._up:
            raise AioRpcError(grpc.StatusCode.UNAVAILABLE, Metadata(), Metadata(), "refused")


async def checks(
    metadata: dict[str, Any] | None = None,
    *,
    scheduler: bool = True,
    engine: bool = True,
    store: MemoryStateStore | None = None,
) -> dict[str, SystemCheck]:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1.0/metadata" and metadata is not None:
            return httpx.Response(200, json=metadata)
        if request.url.path == "/v1.0/jobs/doctor" and scheduler:
            return httpx.Response(500, json={"message": "job not found"})
        raise httpx.ReadTimeout("")

    transport = httpx.MockTransport(answer)
    async with httpx.AsyncClient(transport=transport, base_url="http://sidecar") as http:
        management: Any = FakeManagement(up=engine)
        report = await System(http, store or MemoryStateStore(), management).report()
    return {check.name: check for check in report.checks}


def ill(found: dict[str, SystemCheck]) -> set[str]:
    """Return the names of what is not well, each of which has advice."""
    for check in found.values():
        assert (check.advice is None) is check.ok, check
    return {name for name, check in found.items() if not check.ok}


async def test_all_is_well() -> None:
    assert ill(await checks(WELL)) == set()


async def test_a_sidecar_that_is_away_is_one_finding() -> None:
    assert ill(await checks(None)) == {"sidecar"}


async def test_another_runtime_than_the_packages_is_told() -> None:
    found = await checks(WELL | {"runtimeVersion": "1.17.0"})
    assert ill(found) == {"versions"}
    assert "1.17.0" in found["versions"].detail


async def test_what_the_sidecar_lacks_is_told() -> None:
    metadata = WELL | {"workflows": {}, "components": [], "actorRuntime": {}}
    assert ill(await checks(metadata)) == {"workflow worker", "actor state store", "placement"}


async def test_a_placement_that_is_lost_is_told() -> None:
    metadata = WELL | {"actorRuntime": {"placement": "placement: disconnected"}}
    assert ill(await checks(metadata)) == {"placement"}


async def test_a_scheduler_that_does_not_answer_is_told() -> None:
    assert ill(await checks(WELL, scheduler=False)) == {"scheduler"}


async def test_an_engine_and_a_store_that_fail_are_told() -> None:
    store = MemoryStateStore()
    store.writes_until_crash = 0
    found = await checks(WELL, engine=False, store=store)
    assert ill(found) == {"workflow engine", "state store"}
    assert found["workflow engine"].detail == "refused"
