"""A proxy and certificates of the environment are used where a URL needs them, and only there."""

import pytest

from taskway.connection import is_local, open_client
from taskway.errors import CommandError


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("taskway.localhost", True),
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("0.0.0.0", True),  # noqa: S104 - the address of a URL
        ("::1", True),
        ("localhost.example.com", False),
        ("10.0.0.1", False),
        ("taskway.example.com", False),
    ],
)
def test_this_machine_is_recognised(host: str, local: bool) -> None:
    assert is_local(host) is local


def has_proxy(url: str) -> bool:
    with open_client(url, 1) as client:
        return bool(client._mounts)


@pytest.mark.parametrize(
    ("url", "no_proxy", "used"),
    [
        ("http://taskway.example.com", "", True),
        ("http://taskway.example.com", "example.com", False),
        ("http://taskway.example.com:8000", "taskway.example.com:8000", False),
        ("http://taskway.example.com", "*", False),
        ("https://taskway.example.com", "", False),
        ("http://127.0.0.1:8000", "", False),
        ("http://localhost:8000", "", False),
        ("http://[::1]:8000", "", False),
    ],
)
def test_a_proxy_is_used_for_its_scheme_and_not_here(
    monkeypatch: pytest.MonkeyPatch, url: str, no_proxy: str, used: bool
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "proxy.example.com:3128")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert has_proxy(url) is used


def test_a_proxy_that_cannot_be_used_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://me:secret@proxy.example.com")
    with pytest.raises(
        CommandError, match=r"ALL_PROXY=socks5://proxy\.example\.com is no"
    ) as error:
        open_client("http://taskway.example.com", 1)
    assert "secret" not in str(error.value)
