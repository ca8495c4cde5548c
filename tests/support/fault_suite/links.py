"""The connections between processes that a fault can cut or slow down."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from urllib.parse import urlsplit

from stack import Stack
from support.proxy import Proxy

SERVICES = ("orchestrator", "assigner", "notifier")


TO_SIDECAR, TO_REDIS = " to its sidecar", "-sidecar to redis"


def link_names(store: str) -> list[str]:
    """Return the names of the connections of a stack over `store`."""
    to_redis = [f"{app}{TO_REDIS}" for app in SERVICES if store == "redis"]
    return [*(f"{app}{TO_SIDECAR}" for app in SERVICES), *to_redis]


class Links:
    """Proxies, by the connection that goes through each.

    They exist before the stack, whose processes get their addresses by its options.
    """

    def __init__(self, names: Iterable[str]) -> None:
        """Make a proxy for each of these connections; the others are direct, and so faster."""
        self._stack: Stack | None = None
        self._proxies = {name: Proxy(partial(self._target, name)) for name in names}

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen as long as the context lasts."""
        async with AsyncExitStack() as resources:
            for proxy in self._proxies.values():
                await resources.enter_async_context(proxy.listening())
            yield

    def env(self) -> dict[str, dict[str, str]]:
        """Return the environment of the processes that connect through the proxies."""
        env: dict[str, dict[str, str]] = {}
        for name, proxy in self._proxies.items():
            if name.endswith(TO_REDIS):
                process = name.removesuffix(" to redis")
                env[process] = {"REDIS_HOST": f"127.0.0.1:{proxy.port}"}
            else:
                env[name.removesuffix(TO_SIDECAR)] = {"DAPR_GRPC_PORT": str(proxy.port)}
        return env

    def lead_to(self, stack: Stack) -> None:
        """Pass connections on to the processes of a stack."""
        self._stack = stack

    def all(self) -> Mapping[str, Proxy]:
        """Return every proxy, by the name of its connection."""
        return self._proxies

    def _target(self, name: str) -> str:
        assert self._stack is not None
        if name.endswith(TO_REDIS):
            return urlsplit(self._stack.redis_url()).netloc.rpartition("@")[2]
        return self._stack.sidecar_grpc(name.removesuffix(TO_SIDECAR))
