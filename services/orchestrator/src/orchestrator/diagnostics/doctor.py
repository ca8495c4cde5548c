"""Checks what workflows depend on, with a remedy for each check that fails."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from importlib.metadata import version
from typing import Any

import httpx
from grpc.aio import AioRpcError
from pydantic import BaseModel, TypeAdapter, ValidationError

from contracts import assigner, notifier
from orchestrator.dapr_sdk.management import Management
from orchestrator.diagnostics.runtime_version import version_check
from orchestrator.schemas.system import SystemCheck, SystemReport, Versions
from orchestrator.storage.guard import StoreGuard
from orchestrator.toolkit.peers.health import PeerHealth
from servicekit.sidecar import UNTRACED
from servicekit.state import StateStore, StoreUnavailable

ACTOR_STORE = "actorstore"
SLOW_SECONDS = 0.5
TIMEOUT_SECONDS = 3.0
TORN_SHOWN = 5
PEERS = (assigner.APP_ID, notifier.APP_ID)
PEER_SLOW = "It is up, and slow: is its machine busy, or its store?"
# As the alert StoreFills.
WARN_FULL = 0.7
METADATA = TypeAdapter(dict[str, Any])


class Probe(BaseModel):
    """A value that nothing writes."""


class Doctor:
    """Checks the sidecar, its stores, its engine and the versions."""

    def __init__(
        self,
        sidecar: httpx.AsyncClient,
        store: StateStore,
        management: Management,
        guard: StoreGuard,
        peers: PeerHealth,
    ) -> None:
        """Prepare to check.

        Args:
            sidecar: The sidecar's HTTP API.
            store: The state store, which is read from.
            management: The workflow engine.
            guard: Measures how full the store is.
            peers: Asks the peers.
        """
        self._sidecar = sidecar
        self._store = store
        self._management = management
        self._guard = guard
        self._peers = peers

    async def report(self) -> SystemReport:
        """Return the result of every check."""
        metadata, peers, *checks = await asyncio.gather(
            self._metadata(),
            asyncio.gather(*(self._peer(app_id) for app_id in PEERS)),
            self._scheduler(),
            self._engine(),
            self._state_store(),
        )
        if isinstance(metadata, SystemCheck):
            # The peers are asked through the sidecar: without it nothing is known of them.
            of_sidecar, peers = [metadata], []
        else:
            of_sidecar = runtime_checks(metadata)
        stored = torn_check(self._management.torn.ids())
        fill = store_fill_check(self._guard)
        return SystemReport(checks=[*of_sidecar, *checks, *peers, fill, stored])

    async def versions(self) -> Versions:
        """Return the versions of the service, the runtime and the SDK."""
        metadata = await self._metadata()
        return Versions(
            orchestrator=version("taskway-orchestrator"),
            dapr_runtime=None if isinstance(metadata, SystemCheck) else runtime_of(metadata),
            dapr_sdk=version("dapr"),
        )

    async def _metadata(self) -> dict[str, Any] | SystemCheck:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                answer = await self._sidecar.get("/v1.0/metadata", headers=UNTRACED)
            answer.raise_for_status()
            return METADATA.validate_json(answer.content)
        except (httpx.HTTPError, TimeoutError, ValidationError) as error:
            return SystemCheck(
                name="sidecar",
                ok=False,
                detail=f"no answer ({type(error).__name__})",
                advice="See its log; nothing is lost while it is unavailable.",
            )

    async def _scheduler(self) -> SystemCheck:
        async def ask() -> None:
            # The sidecar also lists schedulers that have ended, so that only a call shows whether
            # one answers. That there is no such job is an answer.
            await self._sidecar.get("/v1.0/jobs/doctor", headers=UNTRACED)

        return await _timed(
            "scheduler", ask, "Without it no workflow starts or continues: does the scheduler run?"
        )

    async def _engine(self) -> SystemCheck:
        async def ask() -> None:
            await self._management.get_workflow_state("doctor", payloads=False)

        return await _timed(
            "workflow engine", ask, "See the logs of the sidecar, of placement and the scheduler."
        )

    async def _peer(self, app_id: str) -> SystemCheck:
        state = await self._peers.state(app_id)
        if state.problem is None or state.since is None:
            return _answered(app_id, state.seconds, PEER_SLOW)
        return SystemCheck(
            name=app_id,
            ok=False,
            detail=f"unreachable since {state.since:%Y-%m-%dT%H:%M:%SZ}: {state.problem}",
            advice="Do it and its sidecar run? What needs it waits (OUTAGE_WAIT_SECONDS).",
        )

    async def _state_store(self) -> SystemCheck:
        async def read() -> None:
            # No write: what only looks must not fill a store that is nearly full.
            await self._store.get("doctor", Probe)

        return await _timed("state store", read, "Does its server run, and is its disk full?")


def store_fill_check(guard: StoreGuard) -> SystemCheck:
    """Return the check of how full the store was when it was measured last."""
    if not guard.measured:
        return SystemCheck(name="store fill", ok=True, detail="not measured for this store")
    if guard.unknown is not None or guard.fill is None:
        return SystemCheck(
            name="store fill",
            ok=False,
            detail=f"unknown ({guard.unknown})",
            advice="Starts are admitted as by the last measurement: is the store up?",
        )
    return _check(
        "store fill",
        guard.fill.ratio < WARN_FULL,
        str(guard.fill),
        "Starts and uploads are refused when it is nearly full: give the store more room, or purge "
        "what has ended.",
    )


def torn_check(torn: Sequence[str]) -> SystemCheck:
    """Return the check of the instances whose stored state is incomplete."""
    shown = ", ".join(torn[:TORN_SHOWN]) + (", …" if len(torn) > TORN_SHOWN else "")
    return _check(
        "stored instances",
        not torn,
        f"{len(torn)} incomplete: {shown}" if torn else "none is incomplete",
        "They never continue: POST /instances/{id}/remove-torn compensates their effects.",
    )


def runtime_of(metadata: dict[str, Any]) -> str:
    """Return the version of the runtime, from the sidecar's `/v1.0/metadata`."""
    return str(metadata.get("runtimeVersion", "unknown"))


def runtime_checks(metadata: dict[str, Any]) -> list[SystemCheck]:
    """Return the checks of what the sidecar reports.

    Args:
        metadata: The sidecar's `/v1.0/metadata`.
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
            "Without it no workflow is found: does the placement service run?",
        ),
    ]


async def _timed(name: str, ask: Callable[[], Awaitable[None]], advice: str) -> SystemCheck:
    began = time.monotonic()
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await ask()
    except (AioRpcError, StoreUnavailable, httpx.HTTPError, TimeoutError) as error:
        said = error.details() if isinstance(error, AioRpcError) else str(error)
        detail = said or f"no answer ({type(error).__name__})"
        return SystemCheck(name=name, ok=False, detail=detail, advice=advice)
    return _answered(name, time.monotonic() - began, advice)


def _answered(name: str, seconds: float, advice: str) -> SystemCheck:
    return _check(name, seconds < SLOW_SECONDS, f"answers in {seconds * 1000:.0f} ms", advice)


def _check(name: str, ok: bool, detail: str, advice: str) -> SystemCheck:
    return SystemCheck(name=name, ok=ok, detail=detail, advice=None if ok else advice)
