"""Readiness checks."""

from collections.abc import Awaitable, Callable

import httpx

ReadyCheck = Callable[[], Awaitable[bool]]


def http_ready(client: httpx.AsyncClient, url: str) -> ReadyCheck:
    """Return a check that succeeds where a GET of the URL does."""

    async def check() -> bool:
        try:
            return (await client.get(url)).is_success
        except httpx.TransportError:
            return False

    return check


def service_ready(client: httpx.AsyncClient, address: str) -> ReadyCheck:
    """Return a check that succeeds where a service is ready and nothing of it is missing.

    An orchestrator without a worker is ready to answer, and warns that it starts nothing.
    """

    async def check() -> bool:
        try:
            answer = await client.get(f"{address}/readyz")
        except httpx.TransportError:
            return False
        return answer.is_success and "warnings" not in answer.json()

    return check


def local_client() -> httpx.AsyncClient:
    """Return a client for servers on this machine: without proxies, with a short time-out."""
    return httpx.AsyncClient(timeout=5, trust_env=False)
