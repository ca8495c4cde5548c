"""Which addresses may be asked, and that the connection goes where the guard has looked."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.workflows.monitor.adapters.http_check import HttpCheck
from orchestrator.workflows.monitor.adapters.ssrf_guard import AllowList, NotAllowed, SsrfGuard
from support.web import WebServer, web_server

NOTHING = SsrfGuard(AllowList())


@pytest.fixture
async def web() -> AsyncIterator[WebServer]:
    async with web_server() as server:
        yield server


class Names:
    """Resolves names to what a test says, one answer after the other."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", self.resolve)

    async def resolve(self, host: str, port: int, **_: Any) -> list[Any]:
        self.asked.append(host)
        family, kind = socket.AF_INET, socket.SOCK_STREAM
        found = self.answers.pop(0) if self.answers else [host]
        return [(family, kind, 0, "", (address, port)) for address in found]


INTERNAL = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 - as an address to ask
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "::127.0.0.1",
]


def written(address: str) -> str:
    return f"http://[{address}]/" if ":" in address else f"http://{address}/"


@pytest.mark.parametrize("address", INTERNAL)
def test_an_internal_address_is_refused_as_it_is_written(address: str) -> None:
    with pytest.raises(NotAllowed, match="internal"):
        NOTHING.target(written(address))


@pytest.mark.parametrize("address", INTERNAL)
async def test_a_name_for_an_internal_address_is_refused(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    Names(monkeypatch, ["93.184.216.34", address])
    target = NOTHING.target("http://innocent.example/")
    with pytest.raises(NotAllowed, match="internal"):
        await NOTHING.resolve(target)


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "0177.0.0.1", "0"])
def test_old_ways_to_write_an_address_are_no_way_around(host: str) -> None:
    with pytest.raises(NotAllowed):
        NOTHING.target(f"http://{host}/")


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com",
        "https://example.com:8443/a?b=c",
        "http://93.184.216.34/",
        "http://[2606:4700::1111]/",
        "http://[::ffff:93.184.216.34]/",
        "http://[64:ff9b::5db8:d822]/",
    ],
)
def test_what_is_on_the_internet_may_be_asked(address: str) -> None:
    assert NOTHING.target(address).port in (80, 443, 8443)


@pytest.mark.parametrize(
    "address",
    [
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com",
        "example.com",
        "http://",
        "http:///path",
        "http://user@example.com/",
        "http://user:secret@example.com/",
        "http://example.com:0/",
        "http://example.com:65536/",
        "http://example.com:port/",
        "http://exa mple.com/",
        "http://%31%32%37.0.0.1/",
        "http://[fe80::1%25eth0]/",
        "http://[::1/",
        "http://a\x00b/",
        "http://..example.com/",
        "http://" + "a" * 300,
        "http://xn--zzzzz99/",
    ],
)
def test_what_is_no_such_address_is_refused(address: str) -> None:
    with pytest.raises(NotAllowed):
        NOTHING.target(address)


@given(st.text(max_size=60), st.sampled_from(["", "http://", "https://", "http://a/", "http://["]))
def test_any_text_is_either_a_target_or_refused(text: str, start: str) -> None:
    try:
        target = NOTHING.target(start + text)
    except NotAllowed:
        return
    assert target.url.scheme in ("http", "https")


def test_what_is_allowed_is_allowed_by_network_or_by_host_and_port() -> None:
    guard = SsrfGuard(AllowList.parse("10.1.0.0/16, Status.internal:8080,127.0.0.1:8000, [::1]:80"))
    for address in ("http://10.1.2.3:99/", "http://127.0.0.1:8000/", "http://[::1]/"):
        guard.target(address)
    for address in ("http://10.2.0.1/", "http://127.0.0.1:8001/", "http://[::1]:81/"):
        with pytest.raises(NotAllowed):
            guard.target(address)


async def test_an_allowed_host_may_resolve_to_an_internal_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    guard = SsrfGuard(AllowList.parse("status.internal:8080"))
    Names(monkeypatch, ["10.0.0.1"], ["10.0.0.1"])
    await guard.resolve(guard.target("http://STATUS.internal:8080/"))
    with pytest.raises(NotAllowed):
        await guard.resolve(guard.target("http://status.internal:8081/"))


@pytest.mark.parametrize("text", ["10.0.0.0/99", "localhost", "localhost:x", "10.0.0.1/8"])
def test_a_list_that_cannot_be_read_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        AllowList.parse(text)


def check(web: WebServer, timeout: float = 5.0) -> HttpCheck:
    return HttpCheck(
        SsrfGuard(AllowList.parse(f"127.0.0.1:{web.port}, site.test:{web.port}")), timeout
    )


@pytest.mark.parametrize(("status", "ok"), [(200, True), (399, True), (400, False), (503, False)])
async def test_a_status_under_400_is_well(web: WebServer, status: int, ok: bool) -> None:
    web.status = status
    found = await check(web).check(web.url)
    assert (found.ok, found.status, found.error) == (ok, status, None)


async def test_a_redirect_is_a_result_and_not_followed(web: WebServer) -> None:
    web.status, web.head = 302, f"Location: {web.url}elsewhere\r\n"
    assert (await check(web).check(web.url)).status == 302
    assert len(web.requests) == 1


async def test_nobody_home_is_a_result(web: WebServer) -> None:
    await web.close()
    found = await check(web).check(web.url)
    assert not found.ok
    assert found.error is not None
    assert found.error.startswith("ConnectError")
    await web.open()


async def test_who_says_nothing_is_not_waited_for(web: WebServer) -> None:
    web.silent = True
    found = await check(web, timeout=0.1).check(web.url)
    assert (found.ok, found.error) == (False, "no answer within 0.1 s")


async def test_a_name_that_nobody_knows_is_a_result(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    found = await check(web).check(f"http://site.test:{web.port}/")
    assert found.error is not None
    assert "not known" in found.error


async def test_the_name_is_resolved_once_and_kept_in_the_request(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that turns to another address after the look (DNS rebinding) wins nothing."""
    names = Names(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
    found = await check(web).check(f"http://site.test:{web.port}/a?b=c#d")
    assert found.ok, found.error
    assert names.asked.count("site.test") == 1
    [request] = web.requests
    assert request.startswith("GET /a?b=c HTTP/1.1\r\n")
    assert f"host: site.test:{web.port}\r\n" in request.lower()


async def test_tls_is_asked_for_by_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
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


async def test_the_next_address_of_a_name_is_asked_where_the_first_refuses(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    Names(monkeypatch, ["127.0.0.99", "127.0.0.1"])
    assert (await check(web).check(f"http://site.test:{web.port}/")).ok


async def test_a_name_for_an_internal_address_is_not_connected_to(web: WebServer) -> None:
    found = await HttpCheck(NOTHING, 5.0).check(f"http://localhost:{web.port}/")
    assert not found.ok
    assert found.error is not None
    assert found.error.startswith("not allowed: ")
    assert web.requests == []
