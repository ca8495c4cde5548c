"""The proxy and the certificates of the environment count for addresses outside alone."""

import httpx
import pytest

from servicekit.outside import outside_client, use_no_proxy_on_this_machine

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:1080"),
        ("all_proxy", "socks://127.0.0.1:1080"),
        ("HTTPS_PROXY", "http://[::1"),
        ("SSL_CERT_FILE", "/dev/null/certs.pem"),
        ("SSL_CERT_FILE", "/dev/null"),
    ],
)
async def test_what_cannot_be_used_fails_the_request_and_not_the_start(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    async with outside_client(timeout=1) as client:
        with pytest.raises(httpx.ConnectError, match="of the environment cannot be used"):
            await client.get("http://example.com")


@pytest.mark.parametrize(
    ("url", "proxied"),
    [
        ("http://127.0.0.1:8000", False),
        ("http://localhost:8000", False),
        ("http://[::1]:8000", False),
        ("http://example.com", True),
    ],
)
async def test_a_proxy_is_used_for_outside_alone(
    monkeypatch: pytest.MonkeyPatch, url: str, proxied: bool
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example.com:3128")
    environment: dict[str, str] = {}
    use_no_proxy_on_this_machine(environment)
    monkeypatch.setenv("NO_PROXY", environment["NO_PROXY"])
    async with outside_client(timeout=1) as client:
        transport = client._transport_for_url(httpx.URL(url))
        assert (transport is not client._transport) is proxied


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "127.0.0.1,localhost,::1"),
        ({"NO_PROXY": "a.example, b"}, "a.example, b,127.0.0.1,localhost,::1"),
        ({"no_proxy": "localhost"}, "localhost,127.0.0.1,::1"),
    ],
)
def test_this_machine_is_exempt_beside_what_was(given: dict[str, str], expected: str) -> None:
    for _ in range(2):
        use_no_proxy_on_this_machine(given)
        assert given == {"NO_PROXY": expected, "no_proxy": expected}
