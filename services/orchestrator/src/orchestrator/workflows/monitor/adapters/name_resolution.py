"""Resolves host names without a thread: a slow name server holds up no other check.

`getaddrinfo` keeps a thread of the event loop's few busy, for as long as the name server likes,
and cannot be cancelled. Here whoever asks may give up at any time.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

import aiodns

Address = IPv4Address | IPv6Address


async def resolve_name(host: str) -> list[Address]:
    """Return the IP addresses of a name, by the hosts file and the name servers of the system.

    Args:
        host: The name, or an IP address.

    Raises:
        OSError: It does not resolve.
    """
    # Each time anew, for the name servers of the system may change.
    async with aiodns.DNSResolver() as resolver:
        try:
            found = await resolver.getaddrinfo(
                host, family=socket.AF_UNSPEC, type=socket.SOCK_STREAM
            )
        except aiodns.error.DNSError as error:
            _, reason = error.args
            raise OSError(f"{host} does not resolve: {reason}") from error
    texts = (node.addr[0].decode("ascii") for node in found.nodes)
    # A link-local address may come with its interface.
    return list(dict.fromkeys(ip_address(text.partition("%")[0]) for text in texts))
