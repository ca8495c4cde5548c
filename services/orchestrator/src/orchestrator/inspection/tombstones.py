"""What Dapr keeps no record of: which instances were purged, and which are reruns."""

from pydantic import BaseModel

from contracts.problems import ProblemType
from orchestrator.engine.client import unknown_instance
from servicekit.problems import ProblemError
from servicekit.state import Conflict, StateStore


class Tombstone(BaseModel):
    """The record that an operator purged an instance."""

    by: str


class RerunOf(BaseModel):
    """The instance that a rerun repeats, the step that it begins at, and its new input."""

    source: str
    from_event: int | None
    input: str | None


class Tombstones:
    """The records in the state store."""

    def __init__(self, store: StateStore) -> None:
        """Read and write the records in `store`."""
        self._store = store

    async def record_purge(self, instance_id: str, by: str) -> None:
        """Record that an instance was purged."""
        await self._store.overwrite(f"gone:{instance_id}", Tombstone(by=by))

    async def was_purged(self, instance_id: str) -> bool:
        """Return whether an operator purged an instance of this id."""
        return (await self._store.get(f"gone:{instance_id}", Tombstone)).value is not None

    async def missing_problem(self, instance_id: str) -> ProblemError:
        """Return the problem for a missing instance: 410 if it was purged, else 404."""
        if await self.was_purged(instance_id):
            return ProblemError(ProblemType.INSTANCE_GONE, f"{instance_id} was purged")
        return unknown_instance(instance_id)

    async def record_rerun(self, new_instance_id: str, rerun: RerunOf) -> RerunOf:
        """Record what a new instance repeats; return what was recorded first under its id."""
        key = f"rerun:{new_instance_id}"
        try:
            await self._store.put(key, rerun, None)
        except Conflict:
            return (await self._store.get(key, RerunOf)).value or rerun
        return rerun

    async def rerun_of(self, instance_id: str) -> str | None:
        """Return the instance that this one repeats, if it is a rerun."""
        recorded = (await self._store.get(f"rerun:{instance_id}", RerunOf)).value
        return recorded.source if recorded else None
