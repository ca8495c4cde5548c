"""ASGI middleware that answers only to the names that the service is called by.

A page of another site can make a browser resolve the site's own name to this service's address
(DNS rebinding); the Host header then still has that name. An IP address, and a name without a dot,
cannot be had from the DNS of somebody else: probes by pod IP and callers by a Service's name need
no setting.

Starlette's TrustedHostMiddleware was looked at: it takes no address ranges, and answers plain text.
"""

import re
from collections.abc import Collection
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from contracts.problems import ProblemType
from servicekit.problems import problem_response

# RFC 9110, 7.2: uri-host and an optional port; brackets around an IPv6 address.
_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?")


class AllowedHosts:
    """Answers 421 to a request for a host that is not allowed."""

    def __init__(self, app: ASGIApp, allowed: Collection[str]) -> None:
        """Wrap an application.

        Args:
            app: The application.
            allowed: Host names without ports; `*.example.com` stands for every name below it, and
                `*` for every name.
        """
        self._app = app
        self._any = "*" in allowed
        self._names = frozenset(name.lower() for name in allowed if not name.startswith("*"))
        self._suffixes = tuple(name[1:].lower() for name in allowed if name.startswith("*."))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or self._allows(scope):
            await self._app(scope, receive, send)
            return
        answer = problem_response(
            ProblemType.MISDIRECTED, "The Host header names no host of this service"
        )
        await answer(scope, receive, send)

    def _allows(self, scope: Scope) -> bool:
        hosts = Headers(scope=scope).getlist("host")
        if not hosts:
            # Browsers always send one; HTTP/1.0, which some load balancers probe by, has none.
            return bool(scope["http_version"] == "1.0")
        found = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
        return found is not None and (self._any or self._knows(found["name"].lower().rstrip(".")))

    def _knows(self, name: str) -> bool:
        return (
            "." not in name
            or name in self._names
            or name.endswith(self._suffixes)
            or _is_address(name)
        )


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
