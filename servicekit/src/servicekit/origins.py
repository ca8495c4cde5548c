"""ASGI middleware that keeps pages of other sites from changing anything (CSRF).

The rules are those of Go's net/http.CrossOriginProtection
(https://pkg.go.dev/net/http#CrossOriginProtection): browsers say by `Sec-Fetch-Site` or `Origin`
which page a request comes from, and what says neither is no browser. A form needs no permission of
the service to send a POST without a body, so the media type alone does not keep it out.
"""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from contracts.problems import ProblemType
from servicekit.problems import problem_response

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class SameOrigin:
    """Answers 403 to a request that may change something and comes from a page of another site."""

    def __init__(self, app: ASGIApp, trusted: Collection[str]) -> None:
        """Wrap an application; pages of the `trusted` origins may send it requests, too."""
        self._app = app
        self._trusted = frozenset(origin.lower() for origin in trusted)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if (
            scope["type"] != "http"
            or scope["method"] in SAFE_METHODS
            or self._allows(Headers(scope=scope))
        ):
            await self._app(scope, receive, send)
            return
        answer = problem_response(
            ProblemType.CROSS_ORIGIN, "A page of another site must not change anything here"
        )
        await answer(scope, receive, send)

    def _allows(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        if origin is not None and origin.lower() in self._trusted:
            return True
        site = headers.get("sec-fetch-site")
        if site is not None:
            # `none`: the user typed the address, or opened a bookmark.
            return site in ("same-origin", "none")
        # Browsers leave Sec-Fetch-Site out over plain HTTP, loopback apart.
        return origin is None or _authority(origin) == headers.get("host", "").lower()


def _authority(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""
