"""Host names are resolved by the system's configuration, and a slow server holds up nothing."""

import asyncio
import socket
from functools import partial
from ipaddress import ip_address

import aiodns
import pytest

from orchestrator.workflows.monitor.adapters.name_resolution import resolve_name


async def test_a_name_of_the_hosts_file_resolves() -> None:
    assert ip_address("127.0.0.1") in await resolve_name("localhost")


@pytest.mark.parametrize("address", ["127.0.0.1", "2001:db8::1"])
async def test_an_ip_address_is_its_own_name(address: str) -> None:
    assert await resolve_name(address) == [ip_address(address)]


# The second is longer than a label may be (RFC 1035, 2.3.4).
@pytest.mark.parametrize("name", ["", f"{'a' * 64}.example"])
async def test_what_is_no_name_does_not_resolve(name: str) -> None:
    with pytest.raises(OSError, match="does not resolve"):
        await resolve_name(name)


async def test_a_silent_name_server_holds_up_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        server = f"127.0.0.1:{silent.getsockname()[1]}"
        resolver = partial(aiodns.DNSResolver, nameservers=[server])
        monkeypatch.setattr(aiodns, "DNSResolver", resolver)
        lookups = [asyncio.create_task(resolve_name(f"n{n}.example")) for n in range(100)]
        # They have been asked for, all at once.
        loop = asyncio.get_running_loop()
        silent.setblocking(False)
        asked = {bytes(await loop.sock_recv(silent, 512))[13:] for _ in range(100)}
        assert len(asked) > 50
        async with asyncio.timeout(5):
            await asyncio.to_thread(socket.gethostname)
            for lookup in lookups:
                lookup.cancel()
            ended = await asyncio.gather(*lookups, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ended)
