"""Readiness checks."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx

ReadyCheck = Callable[[], Awaitable[bool]]
_ANSWER_SECONDS = 2


def http_ready(client: httpx.AsyncClient, url: str) -> ReadyCheck:
    """Return a check that succeeds where a GET of the URL does."""

    async def check() -> bool:
        try:
            return (await client.get(url)).is_success
        except httpx.TransportError:
            return False

    return check


def answer_ready(host: str, port: int, request: bytes, expected: bytes) -> ReadyCheck:
    """Return a check that succeeds where a server's answer to a request begins as expected.

    Args:
        host: Where the server is.
        port: Its port.
        request: What is sent to it, in its own protocol.
        expected: How its answer begins.
    """

    async def check() -> bool:
        try:
            reader, writer = await asyncio.open_connection(host, port)
        except OSError:
            return False
        try:
            writer.write(request)
            async with asyncio.timeout(_ANSWER_SECONDS):
                return await reader.readexactly(len(expected)) == expected
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            return False
        finally:
            writer.close()

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
