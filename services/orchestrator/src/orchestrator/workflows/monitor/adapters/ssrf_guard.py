"""Guards the internal network against server-side request forgery (SSRF).

An address is checked twice: by its spelling, when a request comes in, and by what its name
resolves to, before each check. The connection is then made to the IP address that was checked, for
a name may resolve to another one in between (DNS rebinding).

Libraries were looked at, and this is kept: httpx-secure and safehttpx are young, and none of them
pins the resolved address, knows NAT64 and 6to4, and reads octal and shortened spellings as well.
"""

import re
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import httpx

from orchestrator.workflows.monitor.adapters.name_resolution import Address, resolve_name

PORTS = {"http": 80, "https": 443}
# RFC 952 and 1123, and the underscore that names inside clusters may have.
HOST_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?\.?")
# What routers hand out on the internet (RFC 4291, 2.4); everything else is local, or a mistake.
GLOBAL_UNICAST = IPv6Network("2000::/3")
# Gateways that translate to IPv4 (RFC 6052): the address in its last 32 bits is what counts.
NAT64 = IPv6Network("64:ff9b::/96")
# Public by their registration, and not by who answers: what clouds offer their machines there
# (Azure's WireServer, Oracle's metadata), and documentation (RFC 9637), which `ipaddress` of
# Python 3.11 does not know.
NOT_PUBLIC = (
    IPv4Network("168.63.129.16/32"),
    IPv4Network("192.0.0.0/24"),
    IPv6Network("3fff::/20"),
)


class NotAllowed(Exception):
    """The address must not be requested."""


@dataclass(frozen=True)
class AllowList:
    """The internal addresses that may be requested all the same.

    Args:
        networks: Networks: any port of their addresses.
        hosts: Names or addresses with a port, whatever they resolve to.
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
    """An address whose spelling is allowed; its name is not resolved yet."""

    url: httpx.URL
    host: str
    port: int


class SsrfGuard:
    """Decides which addresses may be requested."""

    def __init__(self, allow: AllowList) -> None:
        """Allow public addresses, and those of the list."""
        self._allow = allow

    def target(self, address: str) -> Target:
        """Parse an address, without resolving its name.

        Raises:
            NotAllowed: It is not an address of http or https, has credentials, or is an internal
                IP address.
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
            OSError: The name does not resolve.
        """
        addresses = await resolve_name(target.host)
        for address in addresses:
            self._check(target, address)
        return addresses

    def _check(self, target: Target, address: Address) -> None:
        if (target.host.lower(), target.port) in self._allow.hosts:
            return
        effective = _embedded_ipv4(address)
        if is_public(effective) or any(effective in network for network in self._allow.networks):
            return
        # Without the address, which would tell whoever asks what an internal name resolves to.
        raise NotAllowed("it is an internal address, which is not allowed")


def is_public(address: Address) -> bool:
    """Return whether an address is public: a global unicast address of the internet."""
    if isinstance(address, IPv6Address) and address not in GLOBAL_UNICAST:
        return False
    if any(address in network for network in NOT_PUBLIC):
        return False
    return address.is_global and not address.is_multicast


def _embedded_ipv4(address: Address) -> Address:
    """Return the IPv4 address in an IPv6 address (mapped, NAT64, 6to4), or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _literal(host: str) -> Address | None:
    """Return the IP address that a host spells, also in old spellings such as `127.1`."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return None
