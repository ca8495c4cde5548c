"""ASGI middleware that answers 503 to a request that takes too long.

The calls that a route makes have deadlines of their own. This one bounds their sum, and whatever
has none.
"""

import asyncio

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.problems import ProblemType
from servicekit.deadlines import count_exceeded
from servicekit.problems import RETRY_SOON, problem_response

log = structlog.get_logger(__name__)

# The events of a stream, and the lines of a download that is read as it is sent.
STREAMS = (b"text/event-stream", b"application/x-ndjson")


class RequestDeadline:
    """Cancels a request at its deadline; a stream must have begun by then."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        """Wrap an application, whose requests may take `seconds` each."""
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection.

        Raises:
            TimeoutError: The request is late, and its answer had begun: only the end of the
                connection tells the client that it is not whole.
        """
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def watched_send(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                if _is_stream(message):
                    deadline.reschedule(None)
            await send(message)

        try:
            async with asyncio.timeout(self._seconds) as deadline:
                await self._app(scope, receive, watched_send)
        except TimeoutError:
            if not deadline.expired():
                raise
            count_exceeded("request")
            log.warning("a request took too long", method=scope["method"], path=scope["path"])
            if begun:
                raise
            answer = problem_response(
                ProblemType.UNAVAILABLE,
                f"The request took longer than {self._seconds:g} s; what it was to change may have "
                "been changed, or may be yet: a retry is safe",
                headers=RETRY_SOON,
            )
            await answer(scope, receive, send)


def _is_stream(start: Message) -> bool:
    headers = {name.lower(): value for name, value in start.get("headers", ())}
    return bool(headers.get(b"content-type", b"").startswith(STREAMS))
