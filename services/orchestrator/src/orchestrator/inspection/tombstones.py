"""What the engine forgets about instances: which were purged, and which repeat another."""

from pydantic import BaseModel

from contracts.problems import ProblemType
from orchestrator.engine.client import unknown_instance
from servicekit.problems import ProblemError
from servicekit.state import Conflict, StateStore


class Tombstone(BaseModel):
    """An instance was purged by an operator."""

    by: str


class RerunOf(BaseModel):
    """The instance that another one repeats, and how."""

    source: str
    from_event: int | None
    input: str | None


class Tombstones:
    """The notes in a state store."""

    def __init__(self, store: StateStore) -> None:
        """Keep them in `store`."""
        self._store = store

    async def record_purge(self, instance_id: str, by: str) -> None:
        """Remember that an instance was purged."""
        await self._store.overwrite(f"gone:{instance_id}", Tombstone(by=by))

    async def was_purged(self, instance_id: str) -> bool:
        """Return whether an instance of that id was purged by an operator."""
        return (await self._store.get(f"gone:{instance_id}", Tombstone)).value is not None

    async def missing_problem(self, instance_id: str) -> ProblemError:
        """Return the problem that an instance is not there: 410 where it was purged, or 404."""
        if await self.was_purged(instance_id):
            return ProblemError(ProblemType.INSTANCE_GONE, f"{instance_id} was purged")
        return unknown_instance(instance_id)

    async def record_rerun(self, new_instance_id: str, rerun: RerunOf) -> RerunOf:
        """Remember what a new instance repeats; return what was first said of it."""
        key = f"rerun:{new_instance_id}"
        try:
            await self._store.put(key, rerun, None)
        except Conflict:
            return (await self._store.get(key, RerunOf)).value or rerun
        return rerun

    async def rerun_of(self, instance_id: str) -> str | None:
        """Return the instance that this one repeats, if it does."""
        noted = (await self._store.get(f"rerun:{instance_id}", RerunOf)).value
        return noted.source if noted else None
