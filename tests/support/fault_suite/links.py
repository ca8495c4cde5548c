"""The connections between processes that a fault can cut or slow down."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from urllib.parse import urlsplit

from stack import Stack, StackOptions
from support.proxy import Proxy

SERVICES = ("orchestrator", "assigner", "notifier")


class Links:
    """Proxies, by the connection that goes through each.

    They exist before the stack, whose processes get their addresses by its options.
    """

    def __init__(self, store: str) -> None:
        """Make the proxies for a stack over `store`."""
        self._stack: Stack | None = None
        self._gateways = {app: Proxy(partial(self._sidecar, app)) for app in SERVICES}
        over_redis = SERVICES if store == "redis" else ()
        self._stores = {app: Proxy(self._redis) for app in over_redis}

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen as long as the context lasts."""
        async with AsyncExitStack() as resources:
            for proxy in (*self._gateways.values(), *self._stores.values()):
                await resources.enter_async_context(proxy.listening())
            yield

    def env(self) -> dict[str, dict[str, str]]:
        """Return the environment of the processes that connect through the proxies."""
        gateways = {
            app: {"DAPR_GRPC_PORT": str(proxy.port)} for app, proxy in self._gateways.items()
        }
        stores = {
            f"{app}-sidecar": {"REDIS_HOST": f"127.0.0.1:{proxy.port}"}
            for app, proxy in self._stores.items()
        }
        return {**gateways, **stores}

    def lead_to(self, stack: Stack) -> None:
        """Pass connections on to the processes of a stack."""
        self._stack = stack

    def all(self) -> Mapping[str, Proxy]:
        """Return every proxy, by the name of its connection."""
        gateways = {f"{app} to its sidecar": proxy for app, proxy in self._gateways.items()}
        stores = {f"{app}-sidecar to redis": proxy for app, proxy in self._stores.items()}
        return {**gateways, **stores}

    def _sidecar(self, app: str) -> str:
        assert self._stack is not None
        return self._stack.sidecar_grpc(app)

    def _redis(self) -> str:
        assert self._stack is not None
        return urlsplit(self._stack.redis_url()).netloc.rpartition("@")[2]


def merged(options: StackOptions, links: Links) -> dict[str, dict[str, str]]:
    """Return the environment of the options, and that of the links."""
    names = {*options.env, *links.env()}
    return {name: {**options.env.get(name, {}), **links.env().get(name, {})} for name in names}
