"""Asks a web address whether it is well."""

import asyncio
import time
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address

import httpx

from orchestrator.workflows.monitor.adapters.web_guard import NotAllowed, Target, WebGuard
from orchestrator.workflows.monitor.state import Check

LONGEST_ERROR = 200
HEADERS = {"User-Agent": "taskway-monitor", "Accept": "*/*"}


class WebCheck:
    """Sends GET, and judges by the head of the answer: a status under 400 is well."""

    def __init__(self, guard: WebGuard, timeout: float) -> None:
        """Ask what `guard` allows; one check takes at most `timeout` seconds."""
        self._guard = guard
        self._timeout = timeout
        self._http = httpx.AsyncClient(
            timeout=None,  # noqa: S113 - the whole check has one limit
            # A proxy would resolve the name once more, and connect to what nobody has looked at.
            trust_env=False,
            follow_redirects=False,
            # Whether a new connection can be made is part of the question.
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def check(self, address: str) -> Check:
        """Return how an address answers; that it does not is an answer, too."""
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
            error=error and error[:LONGEST_ERROR],
        )

    async def _status(self, target: Target) -> int:
        *others, last = await self._guard.resolve(target)
        for address in others:
            try:
                return await self._ask(target, address)
            except httpx.ConnectError:
                continue
        return await self._ask(target, last)

    async def _ask(self, target: Target, address: IPv4Address | IPv6Address) -> int:
        """Ask one IP address, under the name that it was found by."""
        async with self._http.stream(
            "GET",
            target.url.copy_with(host=str(address)),
            headers={**HEADERS, "Host": target.url.netloc.decode("ascii")},
            extensions={"sni_hostname": target.host},
        ) as answer:
            return answer.status_code
