"""The health of the sidecar."""

import asyncio
import time
from collections.abc import Collection

import httpx
import structlog
from pydantic import BaseModel, Field, ValidationError

from servicekit.settings import ServiceSettings

log = structlog.get_logger(__name__)

# Probes are in no trace: the flags of this traceparent, its last field, say 'not sampled'.
UNTRACED = {"traceparent": f"00-{1:032x}-{1:016x}-00"}
NO_WORKER = "no workflow worker is connected"
CONNECTED = "placement: connected"
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 1.0


def sidecar_client(settings: ServiceSettings, timeout: float = 5.0) -> httpx.AsyncClient:
    """Return an HTTP client for the sidecar's API.

    Args:
        settings: Where the sidecar is, and its API token.
        timeout: Seconds for the connection, and for each read and write.
    """
    token = settings.dapr_api_token
    return httpx.AsyncClient(
        base_url=settings.sidecar_url,
        headers={"dapr-api-token": token} if token else {},
        timeout=timeout,
        # The sidecar is on this machine: do not use a proxy of the environment.
        trust_env=False,
    )


class Workflows(BaseModel):
    """What the sidecar reports of its workflow engine; it leaves out a count of 0."""

    connected_workers: int = Field(default=0, alias="connectedWorkers")


class HostedActors(BaseModel):
    """A type of actors that the sidecar hosts."""

    type: str


class ActorRuntime(BaseModel):
    """What the sidecar reports of its actors."""

    placement: str = ""
    hosted: list[HostedActors] = Field(default=[], alias="activeActors")


class Metadata(BaseModel):
    """The part of the sidecar's metadata that is used here."""

    workflows: Workflows = Workflows()
    actors: ActorRuntime = Field(default=ActorRuntime(), alias="actorRuntime")


class Sidecar:
    """Checks whether the sidecar's APIs can be used."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        """Use `http`, a client of `sidecar_client`."""
        self._http = http

    async def why_not_ready(self) -> str | None:
        """Return why the sidecar's APIs cannot be used, or None where they can."""
        try:
            # /v1.0/healthz would wait for the application, which waits for the sidecar.
            answer = await self._http.get("/v1.0/healthz/outbound", headers=UNTRACED, timeout=1.0)
        except httpx.HTTPError as error:
            return f"the sidecar does not respond ({type(error).__name__})"
        return None if answer.is_success else "the sidecar is not ready"

    async def why_no_worker(self) -> str | None:
        """Return why no workflow can run, or None where a worker is connected to the sidecar."""
        metadata = await self._metadata()
        if isinstance(metadata, str):
            return metadata
        return None if metadata.workflows.connected_workers else NO_WORKER

    async def why_actors_move(self, types: Collection[str]) -> str | None:
        """Return why actors may be moved soon; None where the sidecar is settled with all it hosts.

        Args:
            types: The types of actors that the application hosts.
        """
        metadata = await self._metadata()
        if isinstance(metadata, str):
            return metadata
        if metadata.actors.placement != CONNECTED:
            return "the sidecar is not connected to placement"
        missing = set(types) - {hosted.type for hosted in metadata.actors.hosted}
        return f"the sidecar does not host {', '.join(sorted(missing))} yet" if missing else None

    async def _metadata(self) -> Metadata | str:
        """Return the sidecar's metadata, or why there is none."""
        try:
            answer = await self._http.get("/v1.0/metadata", headers=UNTRACED, timeout=1.0)
        except httpx.HTTPError as error:
            return f"the sidecar does not respond ({type(error).__name__})"
        if not answer.is_success:
            return f"the sidecar answers {answer.status_code}"
        try:
            return Metadata.model_validate_json(answer.content)
        except ValidationError:
            # What Dapr itself answers with is plain text at times, such as for a wrong token.
            return "the sidecar answers something else than its metadata"

    async def shut_down(self) -> None:
        """Shut the sidecar down; its supervisor or the kubelet restarts it."""
        await self._http.post("/v1.0/shutdown")

    async def wait_until_settled(self, types: Collection[str], within: float) -> None:
        """Wait until no actor is about to be moved, or for so long.

        Args:
            types: The types of actors that the application hosts.
            within: Seconds; then a warning says what is missing.
        """
        deadline = time.monotonic() + within
        while reason := await self.why_actors_move(types):
            if time.monotonic() > deadline:
                log.warning("the sidecar has not settled", reason=reason)
                return
            await asyncio.sleep(FIRST_PAUSE)

    async def wait_until_ready(self) -> None:
        """Wait without a time limit until the sidecar's APIs can be used."""
        pause = FIRST_PAUSE
        while reason := await self.why_not_ready():
            if pause == LONGEST_PAUSE:
                log.info("waiting for the sidecar", reason=reason)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
