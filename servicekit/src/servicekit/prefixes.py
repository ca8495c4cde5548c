"""ASGI middleware for a service that a proxy publishes below a prefix, such as `/taskway`."""

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from servicekit.scopes import run_with

# Segments without percent-encoding: what a caller makes up cannot lead to another host.
PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")
MAX_LENGTH = 200


class PathPrefix:
    """Takes the prefix from the paths of requests where it is, and adds it to `Location` headers.

    The prefix is that of the setting or, where there is none, that of the `X-Forwarded-Prefix` of a
    proxy that has stripped it. It changes nothing but addresses that go back to the same caller, so
    that a proxy need not be trusted for it.
    """

    def __init__(self, app: ASGIApp, root_path: str) -> None:
        """Wrap an application; `root_path` is the prefix, or empty where proxies tell it."""
        self._app = app
        self._root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        prefix = scope["type"] == "http" and (self._root_path or _forwarded(scope))
        if not prefix:
            await self._app(scope, receive, send)
            return

        async def send_with_prefix(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=list(message["headers"]))
                location = headers.get("location", "")
                if location.startswith("/") and not location.startswith("//"):
                    headers["location"] = prefix + location
                message = {**message, "headers": headers.raw}
            await send(message)

        path: str = scope["path"]
        # By ASGI, the path of a request begins with the root path. The proxy of the setting may
        # have left it there.
        if not (self._root_path and path.startswith(f"{prefix}/")):
            path = prefix + path
        changed = {"root_path": prefix, "path": path}
        await run_with(self._app, scope, receive, send_with_prefix, changed)


def _forwarded(scope: Scope) -> str | None:
    value = Headers(scope=scope).get("x-forwarded-prefix", "").rstrip("/")
    return value if len(value) <= MAX_LENGTH and PREFIX.fullmatch(value) else None
