"""How the command reaches an orchestrator: directly on this machine, elsewhere by the environment.

HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY are read as curl and Python read them, and
SSL_CERT_FILE and SSL_CERT_DIR as OpenSSL does, where they matter for the URL: a wrong one stops no
command that would not use it.
"""

import os
import re
import ssl
from ipaddress import ip_address
from typing import Any
from urllib.request import getproxies, proxy_bypass

import httpx

from taskway.errors import CommandError


def open_client(
    url: str, timeout: float, transport: httpx.BaseTransport | None = None
) -> httpx.Client:
    """Return a client of an orchestrator.

    Args:
        url: The base URL.
        timeout: Seconds for the connection, and for each read and write.
        transport: What carries the requests; tests substitute it.

    Raises:
        CommandError: The URL is invalid, or a variable of the environment that it needs is.
    """
    base = parse_url(url)
    options: dict[str, Any] = {
        "base_url": base,
        "timeout": timeout,
        "transport": transport,
        # Of the environment, only what this URL needs is read, below.
        "trust_env": False,
    }
    if base.scheme == "https":
        options["verify"] = _certificates()
    variable, proxy = (None, None) if transport else _environment_proxy(base)
    try:
        return httpx.Client(**options, proxy=proxy)
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        raise CommandError(
            f"{variable}={_without_password(proxy or '')} is no proxy that can be used: give an "
            "http:// or https:// URL, unset it, or name the host of the orchestrator in NO_PROXY"
        ) from error


def parse_url(url: str) -> httpx.URL:
    """Return a URL of HTTP with a host.

    Raises:
        CommandError: It is none.
    """
    try:
        # A variable from a file of Windows ends in a carriage return.
        parsed = httpx.URL(url.strip())
        parsed.host.encode("idna")
    except (httpx.InvalidURL, ValueError) as error:
        raise CommandError(f"{url!r} is not a URL: {error}") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise CommandError(f"{url!r} is not a URL such as http://127.0.0.1:8000")
    return parsed


def is_local(host: str) -> bool:
    """Return whether a host of a URL is this machine: RFC 6761, 6.3, and the loopback addresses."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _environment_proxy(url: httpx.URL) -> tuple[str | None, str | None]:
    """Return the variable that sets a proxy for a URL, and the proxy; None where none does."""
    if is_local(url.host) or proxy_bypass(url.netloc.decode()):
        return None, None
    proxies = getproxies()
    for name in (url.scheme, "all"):
        if proxy := proxies.get(name):
            return _variable(f"{name}_proxy"), proxy if "://" in proxy else f"http://{proxy}"
    return None, None


def _certificates() -> ssl.SSLContext:
    """Return what verifies a server, as httpx reads it from the environment.

    Raises:
        CommandError: The variable that is set names nothing that can be read.
    """
    name = next((n for n in ("SSL_CERT_FILE", "SSL_CERT_DIR") if os.environ.get(n)), None)
    try:
        if name == "SSL_CERT_DIR":
            # OpenSSL would take a folder that is missing for one without certificates.
            os.listdir(os.environ[name])
        return httpx.create_ssl_context()
    except (OSError, ValueError) as error:
        raise CommandError(
            f"{name}={os.environ.get(name or '')} cannot be used: {error}. Correct or unset it"
        ) from error


def _variable(name: str) -> str:
    """Return the variable as the environment spells it."""
    return next((each for each in os.environ if each.lower() == name), name.upper())


def _without_password(proxy: str) -> str:
    return re.sub(r"//[^/@]*@", "//", proxy)
