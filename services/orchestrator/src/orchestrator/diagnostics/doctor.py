"""Is everything well that workflows need, and what is to be done if not?"""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any

import httpx
from grpc.aio import AioRpcError
from pydantic import BaseModel

from contracts.system import SystemCheck, SystemReport, Versions
from orchestrator.dapr_sdk.management import Management
from orchestrator.diagnostics.runtime_version import version_check
from servicekit.sidecar import UNTRACED
from servicekit.state import StateStore, StoreUnavailable

ACTOR_STORE = "actorstore"
SLOW_SECONDS = 0.5
PATIENCE_SECONDS = 3.0


class Probe(BaseModel):
    """Written and read again."""

    value: str


class Doctor:
    """Looks at the sidecar, its stores, its engine and the versions."""

    def __init__(self, sidecar: httpx.AsyncClient, store: StateStore, management: Management):
        """Ask these."""
        self._sidecar = sidecar
        self._store = store
        self._management = management

    async def report(self) -> SystemReport:
        """Return what was found; a check that fails does not keep the others from it."""
        metadata = await self._metadata()
        checks = [
            *([metadata] if isinstance(metadata, SystemCheck) else runtime_checks(metadata)),
            *await asyncio.gather(self._scheduler(), self._engine(), self._state_store()),
        ]
        return SystemReport(checks=checks)

    async def versions(self) -> Versions:
        """Return which versions run."""
        metadata = await self._metadata()
        return Versions(
            orchestrator=version("taskway-orchestrator"),
            dapr_runtime=None if isinstance(metadata, SystemCheck) else runtime_of(metadata),
            dapr_sdk=version("dapr"),
        )

    async def _metadata(self) -> dict[str, Any] | SystemCheck:
        try:
            answer = await self._sidecar.get("/v1.0/metadata", headers=UNTRACED)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            return SystemCheck(
                name="sidecar",
                ok=False,
                detail=f"it does not answer ({type(error).__name__})",
                advice="See its log; nothing is lost while it is away.",
            )
        found: dict[str, Any] = answer.json()
        return found

    async def _scheduler(self) -> SystemCheck:
        async def ask() -> None:
            # The sidecar lists schedulers that are long dead: only a question tells. That it knows
            # no such job is an answer.
            await self._sidecar.get("/v1.0/jobs/doctor", headers=UNTRACED, timeout=PATIENCE_SECONDS)

        return await _timed(
            "scheduler", ask, "Without it nothing starts or wakes up: is the scheduler up?"
        )

    async def _engine(self) -> SystemCheck:
        async def ask() -> None:
            await self._management.get_workflow_state("doctor", payloads=False)

        return await _timed(
            "workflow engine", ask, "See the logs of the sidecar, of placement and the scheduler."
        )

    async def _state_store(self) -> SystemCheck:
        async def write_and_read() -> None:
            mine = Probe(value=uuid.uuid4().hex)
            await self._store.overwrite("doctor", mine)
            if (await self._store.get("doctor", Probe)).value is None:
                raise StoreUnavailable("what was written is not there")

        return await _timed("state store", write_and_read, "Is its server up, and its disk full?")


def runtime_of(metadata: dict[str, Any]) -> str:
    """Return the version of the runtime, as the sidecar says it at `/v1.0/metadata`."""
    return str(metadata.get("runtimeVersion", "unknown"))


def runtime_checks(metadata: dict[str, Any]) -> list[SystemCheck]:
    """Return what the sidecar says of itself.

    Args:
        metadata: Its answer at `/v1.0/metadata`.
    """
    workers = metadata.get("workflows", {}).get("connectedWorkers", 0)
    components = {c["name"]: c for c in metadata.get("components", [])}
    actors = metadata.get("actorRuntime", {})
    placement = actors.get("placement", "unknown")
    return [
        version_check(runtime_of(metadata), version("dapr")),
        _check(
            "workflow worker",
            workers > 0,
            f"{workers} connected",
            "No workflow runs without one: see the orchestrator's log.",
        ),
        _check(
            "actor state store",
            ACTOR_STORE in components,
            components.get(ACTOR_STORE, {}).get("type", "missing"),
            f"The component {ACTOR_STORE!r} was not loaded: see the sidecar's log at its start.",
        ),
        _check(
            "placement",
            "connected" in placement and "disconnected" not in placement,
            placement,
            "Without it no workflow is found: is the placement service up?",
        ),
    ]


async def _timed(name: str, ask: Callable[[], Awaitable[None]], advice: str) -> SystemCheck:
    began = time.monotonic()
    try:
        await ask()
    except (AioRpcError, StoreUnavailable, httpx.HTTPError) as error:
        said = error.details() if isinstance(error, AioRpcError) else str(error)
        detail = said or f"no answer ({type(error).__name__})"
        return SystemCheck(name=name, ok=False, detail=detail, advice=advice)
    took = time.monotonic() - began
    return _check(name, took < SLOW_SECONDS, f"answers in {took * 1000:.0f} ms", advice)


def _check(name: str, ok: bool, detail: str, advice: str) -> SystemCheck:
    return SystemCheck(name=name, ok=ok, detail=detail, advice=None if ok else advice)
