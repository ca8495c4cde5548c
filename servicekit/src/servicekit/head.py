"""ASGI middleware that answers HEAD wherever there is a GET (RFC 9110, 9.3.2)."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from servicekit.scopes import run_with


class HeadAsGet:
    """Answers HEAD as GET, without the body; a stream ends with its headers."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            await self._head(scope, receive, send)
        elif scope["type"] == "http":
            await self._app(scope, receive, _allowing_head(send))
        else:
            await self._app(scope, receive, send)

    async def _head(self, scope: Scope, receive: Receive, send: Send) -> None:
        answered = False

        async def receive_until_answered() -> Message:
            # What streams would go on until its client is gone: it has what it asked for.
            return {"type": "http.disconnect"} if answered else await receive()

        async def send_headers(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                await send(message)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                answered = True

        send_get = _allowing_head(send_headers)
        await run_with(self._app, scope, receive_until_answered, send_get, {"method": "GET"})


def _allowing_head(send: Send) -> Send:
    """Return a `send` that adds HEAD to what a 405 allows."""

    async def send_allowing(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] == 405:
            headers = [
                (name, b"GET, HEAD" if (name.lower(), value) == (b"allow", b"GET") else value)
                for name, value in message["headers"]
            ]
            message = {**message, "headers": headers}
        await send(message)

    return send_allowing
