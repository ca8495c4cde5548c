"""What Dapr keeps no record of: which instances were purged."""

from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.engine.problems import not_begun
from orchestrator.engine.start_records import UNUSED, StartRecords
from servicekit.problems import ProblemError
from servicekit.state import StateStore


class Tombstones:
    """The records in the state store."""

    def __init__(self, store: StateStore, starts: StartRecords | None = None) -> None:
        """Read and write the records in `store`.

        Args:
            store: Where they are.
            starts: What was started; the records in `store` by default.
        """
        self._starts = starts or StartRecords(store)

    async def record_purge(self, instance_id: str, by: str, life: int | None = None) -> None:
        """Record that a life of an instance is purged: see `StartRecords.record_purge`."""
        await self._starts.record_purge(instance_id, by, life)

    async def withdraw_purge(self, instance_id: str) -> None:
        """Delete the record of a purge that the engine refused."""
        await self._starts.withdraw_purge(instance_id)

    async def was_purged(self, instance_id: str) -> bool:
        """Return whether an operator purged an instance of this id."""
        return await self._starts.purged_life(instance_id) > UNUSED

    async def absent(self, instance_id: str) -> InstanceState:
        """Return the state of an instance that the engine does not have, or say why there is none.

        Raises:
            ProblemError: As `StartRecords.absent`.
        """
        return await self._starts.absent(instance_id)

    async def named(self, state: InstanceState) -> InstanceState:
        """Return a state with its name, where the engine has none: see `StartRecords.named`."""
        return state if state.name else await self._starts.named(state)

    async def missing_problem(self, instance_id: str) -> ProblemError:
        """Return the problem for an operation on an instance that the engine does not have.

        It was purged or removed (410), was never started (404), or has not begun (503).
        """
        try:
            await self._starts.absent(instance_id)
        except ProblemError as error:
            return error
        return not_begun(instance_id)
