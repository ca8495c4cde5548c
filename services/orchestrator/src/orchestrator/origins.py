"""Where what goes on for ever began: its activities are linked to that, and no part of it."""

from cachetools import LRUCache
from grpc.aio import AioRpcError
from opentelemetry.trace import Link

from orchestrator.management import History
from orchestrator.operations.facts import facts_of
from servicekit.tracing import span_named

KEPT = 10_000


class Origins:
    """The requests that endless instances were started by."""

    def __init__(self, history: History) -> None:
        """Find them in what `history` returns for an instance."""
        self._history = history
        self._known: LRUCache[str, list[Link]] = LRUCache(KEPT)

    async def links(self, instance_id: str) -> list[Link]:
        """Return a link to the request; none where it had no trace, or the engine is away."""
        if (known := self._known.get(instance_id)) is not None:
            return known
        try:
            origin = span_named(facts_of(await self._history(instance_id)).started_in)
        except AioRpcError:
            return []
        links = [Link(origin)] if origin else []
        self._known[instance_id] = links
        return links
