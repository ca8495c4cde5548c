"""Asks a process whether it does its work."""

from collections.abc import Awaitable, Callable

import httpx

ReadyCheck = Callable[[], Awaitable[bool]]


def http_ready(client: httpx.AsyncClient, url: str) -> ReadyCheck:
    """Return a check that asks for a successful answer of a URL."""

    async def check() -> bool:
        try:
            return (await client.get(url)).is_success
        except httpx.TransportError:
            return False

    return check


def local_client() -> httpx.AsyncClient:
    """Return a client for servers on this machine: no proxies, little patience."""
    return httpx.AsyncClient(timeout=5, trust_env=False)
