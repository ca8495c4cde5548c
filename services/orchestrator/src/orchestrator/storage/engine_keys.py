"""The keys that Dapr's engine has in Redis, for what Dapr's API cannot do.

Dapr 1.18 neither reads nor purges an instance whose state is incomplete, and its actor API refuses
the actors of the engine (403). What it can purge is an instance without events. So all events are
deleted here, and the metadata is made to say that there are none: a purge with `force` then deletes
the metadata, and the reminders that would fire forever.
"""

from collections.abc import AsyncIterator

from redis.asyncio import Redis

# BackendWorkflowStateMetadata of durabletask-go: field 3, the generation, is 1; no events.
NO_EVENTS = "\x18\x01"
SCAN_COUNT = 1000
METADATA = "metadata"


class EngineKeys:
    """The keys of workflow instances, and what else has keys that begin alike."""

    def __init__(self, client: Redis, app_id: str = "orchestrator") -> None:
        """Reach the keys.

        Args:
            client: A connection to the Redis of Dapr's components.
            app_id: Dapr's id of the application that hosts the workflows.
        """
        self._client = client
        self._app_id = app_id

    async def is_empty(self, instance_id: str) -> bool:
        """Return whether `empty` was done, and the instance was not purged since."""
        keys = [key async for key in self._of(instance_id)]
        return len(keys) == 1 and await self._client.hget(keys[0], "data") == NO_EVENTS

    async def revision(self, instance_id: str) -> list[str]:
        """Return what changes each time that the engine saves the instance."""
        keys = [key async for key in self._of(instance_id) if key.endswith(f"||{METADATA}")]
        return [str(await self._client.hget(key, "version")) for key in keys]

    async def empty(self, instance_id: str) -> None:
        """Delete the events of an instance; a repeat does what is left to do."""
        found = [key async for key in self._of(instance_id)]
        metadata = [key for key in found if key.endswith(f"||{METADATA}")]
        if events := [key for key in found if key not in metadata]:
            await self._client.unlink(*events)
        for key in metadata:
            await self._client.hset(key, "data", NO_EVENTS)

    async def begin_with(self, app_id: str, prefix: str) -> list[str]:
        """Return the keys of an application's state that begin with a prefix, without its id."""
        own = f"{app_id}||"
        pattern = f"{own}{_literal(prefix)}*"
        return sorted([key.removeprefix(own) async for key in self._scan(pattern)])

    def _of(self, instance_id: str) -> AsyncIterator[str]:
        # Between them is Dapr's namespace, which the application does not know.
        actor = f"dapr.internal.*.{self._app_id}.workflow"
        return self._scan(f"{self._app_id}||{actor}||{_literal(instance_id)}||*")

    async def _scan(self, pattern: str) -> AsyncIterator[str]:
        async for key in self._client.scan_iter(match=pattern, count=SCAN_COUNT):
            yield key


def _literal(text: str) -> str:
    """Return a pattern that matches a text only."""
    return "".join(f"\\{letter}" if letter in r"*?[]\^" else letter for letter in text)
