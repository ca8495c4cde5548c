"""ASGI middleware that answers a request whose handling failed unexpectedly, or was cancelled.

Starlette's own handler raises the exception again after it has answered: the server then logs it
without the request, and closes the connection. And to what the server cancels, as it stops and has
waited long enough (SHUTDOWN_SECONDS), it would answer 500, as if a retry were no use.
"""

import asyncio
import uuid

import structlog
from opentelemetry import trace
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.problems import ProblemType
from servicekit.problems import RETRY_SOON, problem_response
from servicekit.tracing import trace_id

log = structlog.get_logger(__name__)


class UnhandledErrors:
    """Logs each unhandled exception once, under an id that its answer has too."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection.

        Raises:
            CancelledError: The server has cancelled the request.
            Exception: Handling failed after the answer had begun. The server logs it, and closes
                the connection: nothing else tells the client that the answer is not whole.
        """
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def watched_send(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched_send)
        except asyncio.CancelledError:
            if not begun:
                answer = problem_response(
                    ProblemType.UNAVAILABLE,
                    "The service stops; what the request was to change may have been changed, or "
                    "may be yet: a retry is safe",
                    headers=RETRY_SOON,
                )
                await answer(scope, receive, send)
            raise
        except Exception as error:
            if begun:
                raise
            trace.get_current_span().record_exception(error)
            # Most requests are in no trace that is recorded.
            request_id = None if trace_id() else uuid.uuid4().hex
            log.exception(
                "a request failed unexpectedly",
                method=scope["method"],
                path=scope["path"],
                **({"request_id": request_id} if request_id else {}),
            )
            answer = problem_response(
                ProblemType.INTERNAL,
                "The error was logged; a retry is safe, but may fail again",
                request_id=request_id,
            )
            await answer(scope, receive, send)
