"""Runs an application until SIGTERM: not ready first, then drained, then stopped."""

import asyncio
import signal
from types import FrameType

import structlog
import uvicorn
from fastapi import FastAPI

from servicekit.logs import configure_logs
from servicekit.metrics import configure_metrics
from servicekit.readiness import Readiness
from servicekit.settings import ServiceSettings
from servicekit.tracing import configure_tracing

log = structlog.get_logger(__name__)

# Whoever closes an idle connection first must be the client, or its next request meets the end.
# httpx closes after 5 s, which is uvicorn's own default; nginx waits for 75 s.
KEEP_ALIVE_SECONDS = 75


class DrainingServer(uvicorn.Server):
    """A server that says 'not ready' for a while before it closes its listener.

    A load balancer goes on sending requests until it has seen the endpoint leave; closing at once
    would refuse them. A second signal skips the wait.
    """

    def __init__(self, config: uvicorn.Config, readiness: Readiness, drain_seconds: float) -> None:
        """Wrap uvicorn's server; see `serve` for the arguments."""
        super().__init__(config)
        self._readiness = readiness
        self._drain_seconds = drain_seconds

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain on the first signal, stop on the second."""
        loop = asyncio.get_running_loop()
        again = self._readiness.draining
        self._readiness.draining = True
        # Not here: a signal comes between any two instructions.
        loop.call_soon_threadsafe(self._readiness.drain)
        if again or self._drain_seconds == 0:
            super().handle_exit(sig, frame)
            return
        log.info("draining", signal=signal.Signals(sig).name, seconds=self._drain_seconds)
        loop.call_later(self._drain_seconds, super().handle_exit, sig, frame)


def serve(service: str, app: FastAPI, settings: ServiceSettings) -> None:
    """Serve `app` at the address in `settings` until SIGTERM or SIGINT.

    Args:
        service: The name that each log line carries.
        app: An application made by `build_app`.
        settings: Where to listen, how to log, and how long to drain.
    """
    configure_logs(service, settings.log_level, settings.log_format)
    configure_tracing(service)
    configure_metrics(service)
    config = uvicorn.Config(
        app,
        host=settings.app_host,
        port=settings.app_port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )
    readiness: Readiness = app.state.readiness
    DrainingServer(config, readiness, settings.drain_seconds).run()
