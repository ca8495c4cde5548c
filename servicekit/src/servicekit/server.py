"""Serves an application until SIGTERM, with a graceful shutdown: not ready, drain, stop."""

import asyncio
import signal
from types import FrameType

import structlog
import uvicorn
from fastapi import FastAPI

from servicekit.logs import configure_logs
from servicekit.metrics import configure_metrics
from servicekit.outside import use_no_proxy_on_this_machine
from servicekit.readiness import Readiness
from servicekit.settings import ServiceSettings
from servicekit.tracing import configure_tracing

log = structlog.get_logger(__name__)

# The client must close an idle connection first, or its next request meets a closed one.
# httpx closes after 5 s, which is uvicorn's own default; nginx after 75 s.
KEEP_ALIVE_SECONDS = 75


class DrainingServer(uvicorn.Server):
    """A uvicorn server that reports 'not ready' for some time before it closes its listener.

    A load balancer sends requests until it has noticed that the endpoint is not ready; a listener
    that closes at once would refuse them. A second signal skips the drain.
    """

    def __init__(self, config: uvicorn.Config, readiness: Readiness, drain_seconds: float) -> None:
        """Wrap uvicorn's server; see `serve` for the arguments."""
        super().__init__(config)
        self._readiness = readiness
        self._drain_seconds = drain_seconds

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Drain on the first signal, stop on the second."""
        loop = asyncio.get_running_loop()
        again = self._readiness.draining
        self._readiness.draining = True
        # Not in the signal handler, which interrupts the event loop at any instruction.
        loop.call_soon_threadsafe(self._readiness.drain)
        if again or self._drain_seconds == 0:
            super().handle_exit(sig, frame)
            return
        log.info("draining", signal=signal.Signals(sig).name, seconds=self._drain_seconds)
        loop.call_later(self._drain_seconds, super().handle_exit, sig, frame)


def serve(service: str, app: FastAPI, settings: ServiceSettings) -> None:
    """Serve `app` at the address in `settings` until SIGTERM or SIGINT.

    Args:
        service: The service's name in logs, metrics and traces.
        app: An application of `build_app`.
        settings: Where to listen, how to log, and how long to drain.
    """
    use_no_proxy_on_this_machine()
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
