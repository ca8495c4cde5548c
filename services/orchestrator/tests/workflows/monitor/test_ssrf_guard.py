"""The SSRF guard: which addresses may be requested, by spelling and by resolution."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.workflows.monitor.adapters.ssrf_guard import AllowList, NotAllowed, SsrfGuard
from workflows.monitor.names import Names

GUARD = SsrfGuard(AllowList())
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
    # What clouds offer their machines, at addresses that are public by their registration.
    "168.63.129.16",
    "192.0.0.192",
    "64:ff9b::a83f:8110",
    "3fff::1",
]


def url_of(address: str) -> str:
    return f"http://[{address}]/" if ":" in address else f"http://{address}/"


@pytest.mark.parametrize("address", INTERNAL)
def test_an_internal_ip_address_is_refused_by_its_spelling(address: str) -> None:
    with pytest.raises(NotAllowed, match="internal"):
        GUARD.target(url_of(address))


@pytest.mark.parametrize("address", INTERNAL)
async def test_a_name_that_resolves_to_an_internal_address_is_refused(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    Names(monkeypatch, ["93.184.216.34", address])
    target = GUARD.target("http://innocent.example/")
    with pytest.raises(NotAllowed, match="internal") as refused:
        await GUARD.resolve(target)
    # Whoever asks does not learn what an internal name resolves to.
    assert address not in str(refused.value)


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "0177.0.0.1", "0"])
def test_octal_and_shortened_ip_addresses_are_refused(host: str) -> None:
    with pytest.raises(NotAllowed):
        GUARD.target(f"http://{host}/")


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
def test_a_public_address_is_allowed(address: str) -> None:
    assert GUARD.target(address).port in (80, 443, 8443)


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
def test_an_invalid_address_is_refused(address: str) -> None:
    with pytest.raises(NotAllowed):
        GUARD.target(address)


@given(st.text(max_size=60), st.sampled_from(["", "http://", "https://", "http://a/", "http://["]))
def test_any_text_is_parsed_or_refused(text: str, start: str) -> None:
    try:
        target = GUARD.target(start + text)
    except NotAllowed:
        return
    assert target.url.scheme in ("http", "https")


def test_the_allow_list_takes_networks_and_hosts_with_a_port() -> None:
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
def test_an_invalid_allow_list_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        AllowList.parse(text)
