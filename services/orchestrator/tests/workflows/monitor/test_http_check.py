"""HTTP checks of an address: what counts as healthy, and where the connection goes."""

import asyncio
from collections.abc import AsyncIterator
from typing import NoReturn

import pytest

from orchestrator.workflows.monitor.adapters import ssrf_guard
from orchestrator.workflows.monitor.adapters.http_check import HttpCheck
from orchestrator.workflows.monitor.adapters.ssrf_guard import AllowList, SsrfGuard
from support.web import WebServer, web_server
from workflows.monitor.names import Names

GUARD = SsrfGuard(AllowList())


@pytest.fixture
async def web() -> AsyncIterator[WebServer]:
    async with web_server() as server:
        yield server


def check(web: WebServer, timeout: float = 5.0) -> HttpCheck:
    return HttpCheck(
        SsrfGuard(AllowList.parse(f"127.0.0.1:{web.port}, site.test:{web.port}")), timeout
    )


@pytest.mark.parametrize(("status", "ok"), [(200, True), (399, True), (400, False), (503, False)])
async def test_a_status_under_400_is_healthy(web: WebServer, status: int, ok: bool) -> None:
    web.status = status
    found = await check(web).check(web.url)
    assert (found.ok, found.status, found.error) == (ok, status, None)


async def test_a_redirect_is_not_followed(web: WebServer) -> None:
    web.status, web.head = 302, f"Location: {web.url}elsewhere\r\n"
    assert (await check(web).check(web.url)).status == 302
    assert len(web.requests) == 1


async def test_a_refused_connection_is_a_result(web: WebServer) -> None:
    await web.close()
    found = await check(web).check(web.url)
    assert not found.ok
    assert found.error is not None
    assert found.error.startswith("ConnectError")
    await web.open()


async def test_a_silent_server_is_a_timeout(web: WebServer) -> None:
    web.silent = True
    found = await check(web, timeout=0.1).check(web.url)
    assert (found.ok, found.error) == (False, "no answer within 0.1 s")


async def test_an_unresolvable_name_is_a_result(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unknown(host: str) -> NoReturn:
        raise OSError(f"{host} does not resolve: not known")

    monkeypatch.setattr(ssrf_guard, "resolve_name", unknown)
    found = await check(web).check(f"http://site.test:{web.port}/")
    assert found.error is not None
    assert "not known" in found.error


async def test_the_connection_goes_to_the_checked_address_and_keeps_the_host_header(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: a name that resolves to another address after the check has no effect."""
    names = Names(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
    found = await check(web).check(f"http://site.test:{web.port}/a?b=c#d")
    assert found.ok, found.error
    assert names.asked.count("site.test") == 1
    [request] = web.requests
    assert request.startswith("GET /a?b=c HTTP/1.1\r\n")
    assert f"host: site.test:{web.port}\r\n" in request.lower()


async def test_tls_sends_the_server_name(monkeypatch: pytest.MonkeyPatch) -> None:
    hellos: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hellos.append(await reader.read(4096))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    Names(monkeypatch, ["127.0.0.1"])
    guard = SsrfGuard(AllowList.parse(f"site.test:{port}"))
    assert not (await HttpCheck(guard, 5.0).check(f"https://site.test:{port}/")).ok
    server.close()
    # The server name of a ClientHello is readable (RFC 6066, 3).
    assert b"site.test" in hellos[0]


async def test_the_next_address_of_a_name_is_tried_where_the_first_refuses(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    Names(monkeypatch, ["127.0.0.99", "127.0.0.1"])
    assert (await check(web).check(f"http://site.test:{web.port}/")).ok


async def test_a_name_of_an_internal_address_is_never_connected_to(web: WebServer) -> None:
    found = await HttpCheck(GUARD, 5.0).check(f"http://localhost:{web.port}/")
    assert not found.ok
    assert found.error is not None
    assert found.error.startswith("not allowed: ")
    assert web.requests == []
