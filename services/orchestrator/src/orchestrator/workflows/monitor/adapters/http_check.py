"""Checks whether a web address answers."""

import asyncio
import time
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address

import httpx

from orchestrator.workflows.monitor.adapters.ssrf_guard import NotAllowed, SsrfGuard, Target
from orchestrator.workflows.monitor.state import Check

MAX_ERROR = 200
HEADERS = {"User-Agent": "taskway-monitor", "Accept": "*/*"}


class HttpCheck:
    """Sends a GET request; a status under 400 is healthy, and the body is not read."""

    def __init__(self, guard: SsrfGuard, timeout: float) -> None:
        """Check the addresses that `guard` allows, each within `timeout` seconds."""
        self._guard = guard
        self._timeout = timeout
        self._http = httpx.AsyncClient(
            timeout=None,  # noqa: S113 - the whole check has one limit
            # A proxy would resolve the name once more, and connect to an unchecked address.
            trust_env=False,
            follow_redirects=False,
            # Whether a new connection can be made is part of the check.
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def check(self, address: str) -> Check:
        """Return the result of a check; that there is no answer is a result."""
        at, begun = datetime.now(UTC), time.perf_counter()
        status, error = None, None
        try:
            async with asyncio.timeout(self._timeout):
                status = await self._status(self._guard.target(address))
        except TimeoutError:
            error = f"no answer within {self._timeout:g} s"
        except NotAllowed as refused:
            error = f"not allowed: {refused}"
        except (httpx.HTTPError, OSError) as failure:
            error = f"{type(failure).__name__}: {failure}"
        return Check(
            at=at,
            ok=status is not None and status < 400,
            status=status,
            milliseconds=round((time.perf_counter() - begun) * 1000),
            error=error and error[:MAX_ERROR],
        )

    async def _status(self, target: Target) -> int:
        *others, last = await self._guard.resolve(target)
        for address in others:
            try:
                return await self._get(target, address)
            except httpx.ConnectError:
                continue
        return await self._get(target, last)

    async def _get(self, target: Target, address: IPv4Address | IPv6Address) -> int:
        """Request one IP address, under the name that resolved to it."""
        async with self._http.stream(
            "GET",
            target.url.copy_with(host=str(address)),
            headers={**HEADERS, "Host": target.url.netloc.decode("ascii")},
            extensions={"sni_hostname": target.host},
        ) as answer:
            return answer.status_code
