"""Keeps requests that callers ask for out of the internal network (server-side request forgery).

An address is looked at twice: as it is written, when it comes in, and by what its name resolves
to, each time before it is used. The connection is then made to what was looked at, for a name may
resolve to something else a moment later.
"""

import asyncio
import re
import socket
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

import httpx

Address = IPv4Address | IPv6Address

PORTS = {"http": 80, "https": 443}
# RFC 952 and 1123, and the underscore that names inside clusters may have.
HOST_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?\.?")
# What routers hand out on the internet (RFC 4291, 2.4); everything else is local, or a mistake.
GLOBAL_UNICAST = IPv6Network("2000::/3")
# Gateways that translate to IPv4 (RFC 6052): the address in its last 32 bits is what counts.
NAT64 = IPv6Network("64:ff9b::/96")


class NotAllowed(Exception):
    """The address must not be asked."""


@dataclass(frozen=True)
class AllowList:
    """What may be asked although it is internal.

    Args:
        networks: Any port of these addresses.
        hosts: These names or addresses, with the port, whatever they resolve to.
    """

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    hosts: frozenset[tuple[str, int]] = frozenset()

    @classmethod
    def parse(cls, text: str) -> "AllowList":
        """Read a list such as `10.1.0.0/16, status.internal:8080`.

        Raises:
            ValueError: An entry is neither a network nor a host with a port.
        """
        networks, hosts = [], set()
        for entry in filter(None, (part.strip() for part in text.split(","))):
            if "/" in entry:
                networks.append(ip_network(entry))
                continue
            host, colon, port = entry.rpartition(":")
            if not colon or not port.isdecimal():
                raise ValueError(f"{entry!r} is neither a network nor a host with a port")
            hosts.add((host.strip("[]").lower(), int(port)))
        return cls(tuple(networks), frozenset(hosts))


@dataclass(frozen=True)
class Target:
    """An address that may be asked as far as its spelling goes."""

    url: httpx.URL
    host: str
    port: int


class WebGuard:
    """Says which addresses may be asked."""

    def __init__(self, allow: AllowList) -> None:
        """Allow what is on the internet, and what is on the list."""
        self._allow = allow

    def target(self, address: str) -> Target:
        """Take an address apart, without resolving its name.

        Raises:
            NotAllowed: It is no address of the web, carries credentials, or is written as an
                internal one.
        """
        try:
            url = httpx.URL(address)
            host = url.host
        except (httpx.InvalidURL, ValueError) as error:
            raise NotAllowed(f"not an address: {error}") from error
        if url.scheme not in PORTS:
            raise NotAllowed("only http and https are allowed")
        if url.userinfo:
            raise NotAllowed("an address with credentials is not allowed")
        port = PORTS[url.scheme] if url.port is None else url.port
        if not 0 < port < 65_536:
            raise NotAllowed(f"there is no port {port}")
        literal = _literal(host)
        if literal is None and not HOST_NAME.fullmatch(host):
            raise NotAllowed("the host is neither a name nor an IP address")
        target = Target(url, host, port)
        if literal is not None:
            self._check(target, literal)
        return target

    async def resolve(self, target: Target) -> list[Address]:
        """Return the IP addresses to connect to.

        Raises:
            NotAllowed: One of them is internal.
            OSError: The name is not known.
        """
        loop = asyncio.get_running_loop()
        try:
            found = await loop.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        except UnicodeError as error:
            raise NotAllowed(f"not a host name: {error}") from error
        addresses = list(dict.fromkeys(ip_address(entry[4][0]) for entry in found))
        for address in addresses:
            self._check(target, address)
        return addresses

    def _check(self, target: Target, address: Address) -> None:
        if (target.host.lower(), target.port) in self._allow.hosts:
            return
        meant = _meant(address)
        if is_public(meant) or any(meant in network for network in self._allow.networks):
            return
        raise NotAllowed(f"{address} is an internal address, which is not allowed")


def is_public(address: Address) -> bool:
    """Return whether an address is somebody's on the internet."""
    if isinstance(address, IPv6Address) and address not in GLOBAL_UNICAST:
        return False
    return address.is_global and not address.is_multicast


def _meant(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for, if it stands for one."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _literal(host: str) -> Address | None:
    """Return the IP address that a host is written as, also in old ways such as `127.1`."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return None
