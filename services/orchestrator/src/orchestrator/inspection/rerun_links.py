"""Which instance a rerun repeats: a link under the new id, first asked for and then done.

The engine keeps no record of it for a rerun from the start. The link is written before the engine
is asked, so that a repeat is distinguished from another rerun; where the engine refuses, it is
withdrawn, and the id is free again. Where the process ends in between, it says `asked`: a repeat
goes on.
"""

from pydantic import BaseModel

from orchestrator.schemas.workflows import RuntimeStatus
from servicekit.state import StateStore


class RerunLink(BaseModel):
    """The instance that a rerun repeats, the step that it begins at, and its new input."""

    source: str
    from_event: int | None
    input: str | None
    done: bool = True
    """Whether the rerun was started; older links do not say, for there was no other."""
    status: RuntimeStatus | None = None
    """Of the source when the rerun was started: a part of the answer."""

    def same(self, other: "RerunLink") -> bool:
        """Return whether both ask for the same rerun."""
        mine, theirs = ((link.source, link.from_event, link.input) for link in (self, other))
        return mine == theirs


class RerunLinks:
    """The links in the state store."""

    def __init__(self, store: StateStore) -> None:
        """Read and write the links in `store`."""
        self._store = store

    async def find(self, new_id: str) -> RerunLink | None:
        """Return the link of a new instance, done or asked for."""
        return (await self._store.get(_key(new_id), RerunLink)).value

    async def ask(self, new_id: str, link: RerunLink) -> tuple[RerunLink, bool]:
        """Record what a new instance is to repeat, unless something is recorded under its id.

        Returns:
            What is recorded, and whether this call did.
        """
        return await self._store.put_if_absent(_key(new_id), link)

    async def complete(self, new_id: str, status: RuntimeStatus) -> None:
        """Record that a rerun was started, and the status that its source has."""

        def done(link: RerunLink | None) -> RerunLink | None:
            return link and link.model_copy(update={"done": True, "status": status})

        await self._store.update(_key(new_id), RerunLink, done)

    async def withdraw(self, new_id: str) -> None:
        """Delete the link of an id under which nothing was started, or nothing is any more."""
        read = await self._store.get(_key(new_id), RerunLink)
        if read.etag is not None:
            await self._store.delete(_key(new_id), read.etag)

    async def source_of(self, instance_id: str) -> str | None:
        """Return the instance that this one repeats, if it is a rerun."""
        link = await self.find(instance_id)
        return link.source if link and link.done else None


def _key(new_id: str) -> str:
    return f"rerun:{new_id}"
