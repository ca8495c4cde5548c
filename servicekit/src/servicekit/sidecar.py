"""The health of the sidecar."""

import asyncio

import httpx
import structlog
from pydantic import BaseModel, Field, ValidationError

from servicekit.settings import ServiceSettings

log = structlog.get_logger(__name__)

# Probes are in no trace: the flags of this traceparent, its last field, say 'not sampled'.
UNTRACED = {"traceparent": f"00-{1:032x}-{1:016x}-00"}
NO_WORKER = "no workflow worker is connected"
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


class Metadata(BaseModel):
    """The part of the sidecar's metadata that is used here."""

    workflows: Workflows = Workflows()


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
        try:
            answer = await self._http.get("/v1.0/metadata", headers=UNTRACED, timeout=1.0)
        except httpx.HTTPError as error:
            return f"the sidecar does not respond ({type(error).__name__})"
        if not answer.is_success:
            return f"the sidecar answers {answer.status_code}"
        try:
            workers = Metadata.model_validate_json(answer.content).workflows.connected_workers
        except ValidationError:
            # What Dapr itself answers with is plain text at times, such as for a wrong token.
            return "the sidecar answers something else than its metadata"
        return None if workers else NO_WORKER

    async def shut_down(self) -> None:
        """Shut the sidecar down; its supervisor or the kubelet restarts it."""
        await self._http.post("/v1.0/shutdown")

    async def wait_until_ready(self) -> None:
        """Wait without a time limit until the sidecar's APIs can be used."""
        pause = FIRST_PAUSE
        while reason := await self.why_not_ready():
            if pause == LONGEST_PAUSE:
                log.info("waiting for the sidecar", reason=reason)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
