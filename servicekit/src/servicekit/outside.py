"""HTTP to addresses outside the system, over the proxy of the environment where there is one."""

import os
from collections.abc import MutableMapping

import httpx
import structlog

log = structlog.get_logger(__name__)

# The sidecar, and what else runs beside a service: gRPC, urllib and httpx read these variables.
_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


def use_no_proxy_on_this_machine(environment: MutableMapping[str, str] = os.environ) -> None:
    """Exempt this machine from the proxies of the environment, for every library of the process."""
    for name in ("NO_PROXY", "no_proxy"):
        # Where only one of them is set, a library reads that one.
        given = environment.get(name) or environment.get(name.swapcase(), "")
        hosts = [host for host in given.split(",") if host.strip()]
        environment[name] = ",".join(dict.fromkeys([*hosts, *_THIS_MACHINE]))


def outside_client(timeout: float) -> httpx.AsyncClient:
    """Return a client for addresses outside the system, which follows no redirect.

    Where the environment's proxy or certificates cannot be used, each request fails and says so:
    what needs no such address works all the same.

    Args:
        timeout: Seconds for the connection, and for each read and write.
    """
    try:
        return httpx.AsyncClient(timeout=timeout, follow_redirects=False)
    except (ImportError, OSError, ValueError, httpx.InvalidURL) as error:
        reason = f"the proxy or the certificates of the environment cannot be used: {error}"
        log.warning("no address outside can be reached", reason=reason)
        return httpx.AsyncClient(transport=_Unreachable(reason), trust_env=False)


class _Unreachable(httpx.AsyncBaseTransport):
    def __init__(self, reason: str) -> None:
        self._reason = reason

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(self._reason, request=request)
