"""ASGI middleware that rejects a request body that is too large before it is read.

FastAPI's own `max_body_size` was looked at: it answers 413 as plain text, past the handlers that
make every error `application/problem+json`.
"""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.problems import ProblemType
from servicekit.problems import problem_response


class BodyLimit:
    """Answers 413 to a request whose body exceeds a limit, by its Content-Length or as streamed."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        """Wrap an application; `max_bytes` is the largest body that it receives."""
        self._app = app
        self._max_bytes = max_bytes
        self._refusal = f"The request body exceeds {max_bytes} bytes"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = next((v for k, v in scope["headers"] if k == b"content-length"), b"0")
        if int(declared) > self._max_bytes:
            answer = problem_response(ProblemType.PAYLOAD_TOO_LARGE, self._refusal)
            await answer(scope, receive, send)
            return

        seen = 0

        async def limited_receive() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self._max_bytes:
                raise HTTPException(413, self._refusal)
            return message

        try:
            await self._app(scope, limited_receive, send)
        except HTTPException as error:
            # Of middleware that reads the body before there is anything that handles exceptions.
            if error.status_code != 413:
                raise
            answer = problem_response(ProblemType.PAYLOAD_TOO_LARGE, self._refusal)
            await answer(scope, receive, send)
