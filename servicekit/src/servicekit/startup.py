"""Opens what a service needs in the background, while the liveness probe already passes.

The sidecar waits for the application's port, and the application for the sidecar: so the port
opens first, and requests are answered 503 with Retry-After until the rest is open.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Generic, Self, TypeVar

import structlog
from fastapi import Request

from contracts.problems import ProblemType
from servicekit.problems import ProblemError
from servicekit.readiness import Readiness
from servicekit.state import StoreUnavailable

log = structlog.get_logger(__name__)

Opened = TypeVar("Opened")

RETRY_SECONDS = 1.0


class Startup(Generic[Opened]):
    """Runs `open_` in the background, and provides what it returns."""

    def __init__(
        self, open_: Callable[[AsyncExitStack], Awaitable[Opened]], readiness: Readiness
    ) -> None:
        """Create it; `async with` starts it.

        Args:
            open_: Opens the service's resources, and registers on the stack how to close them.
            readiness: Gets a check that fails until the service is open.
        """
        readiness.add(self.why_not_ready)
        self._readiness = readiness
        self._open = open_
        self._stack = AsyncExitStack()
        self._opened: Opened | None = None
        self._reason = "the service is starting"
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Start to open."""
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Cancel opening, and close what was opened."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._stack.aclose()

    def value(self) -> Opened:
        """Return what was opened.

        Raises:
            ProblemError: It is not open yet; 503 with Retry-After.
        """
        if self._opened is None:
            raise ProblemError(ProblemType.UNAVAILABLE, self._reason, retry_after=1)
        return self._opened

    async def why_not_ready(self) -> str | None:
        """Return why the service is not open yet, or None where it is: a readiness check."""
        return None if self._opened is not None else self._reason

    async def _run(self) -> None:
        while self._opened is None:
            async with AsyncExitStack() as stack:
                # First, and so it ends last: a check must not outlive an attempt that failed, for
                # the client that it asks by is closed.
                stack.enter_context(self._readiness.temporary())
                try:
                    self._opened = await self._open(stack)
                except StoreUnavailable as error:
                    self._reason = f"the state store does not respond ({error})"
                    log.warning("startup failed, retrying", reason=self._reason)
                    await asyncio.sleep(RETRY_SECONDS)
                except Exception as error:
                    # A retry would fail again: an end is noticed and restarted, unlike a hang.
                    self._reason = f"startup failed: {error}"
                    log.exception("startup failed")
                    signal.raise_signal(signal.SIGTERM)
                    return
                else:
                    self._stack = stack.pop_all()
                    log.info("ready")


def opened(container: type[Opened]) -> Callable[[Request], Awaitable[Opened]]:
    """Return a FastAPI dependency on what the service opened at its start.

    A request before that is answered 503 with Retry-After. A service derives from it the
    dependencies of its routes, as coroutines: FastAPI runs other functions in a thread.

    Args:
        container: The class of what the service's opener returns.
    """

    async def get_opened(request: Request) -> Opened:
        value = request.app.state.startup.value()
        if not isinstance(value, container):
            raise TypeError(f"the opener returned {type(value).__name__}, not {container.__name__}")
        return value

    return get_opened
