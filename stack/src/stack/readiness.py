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


def local_client() -> httpx.AsyncClient:
    """Return a client for servers on this machine: without proxies, with a short time-out."""
    return httpx.AsyncClient(timeout=5, trust_env=False)
