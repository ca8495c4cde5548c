"""Claims: one user at a time reserves a wait, so that two do not work on the same decision."""

from pydantic import BaseModel

from contracts.problems import ProblemType
from servicekit.problems import ProblemError
from servicekit.state import StateStore


class ClaimRecord(BaseModel):
    """Who has claimed a wait; nobody after a release."""

    by: str | None


class Claims:
    """The claims in the state store, by the id of the wait: a later wait begins unclaimed."""

    def __init__(self, store: StateStore) -> None:
        """Read and write the claims in `store`."""
        self._store = store

    async def change(self, instance_id: str, wait_id: str, by: str, *, claim: bool) -> str | None:
        """Claim a wait or release it; repeating a call has no further effect.

        Args:
            instance_id: The instance that waits.
            wait_id: The id of the wait.
            by: The user.
            claim: Whether to claim; else release.

        Returns:
            Who has claimed it now.

        Raises:
            ProblemError: Another user has claimed it (409).
        """
        wanted = by if claim else None

        def changed(record: ClaimRecord | None) -> ClaimRecord | None:
            holder = record.by if record else None
            check_claim(holder, by)
            return record if holder == wanted else ClaimRecord(by=wanted)

        await self._store.update(claim_key(instance_id, wait_id), ClaimRecord, changed)
        return wanted

    async def holder(self, instance_id: str, wait_id: str) -> str | None:
        """Return who has claimed a wait, if anybody has."""
        read = await self._store.get(claim_key(instance_id, wait_id), ClaimRecord)
        return read.value.by if read.value else None

    async def holders(self, waits: list[tuple[str, str]]) -> dict[tuple[str, str], str | None]:
        """Return who has claimed each wait.

        Args:
            waits: The id of the instance and of the wait, for each.
        """
        keys = {claim_key(*wait): wait for wait in waits}
        read = await self._store.get_many(keys, ClaimRecord)
        return {keys[key]: entry.value.by if entry.value else None for key, entry in read.items()}


def check_claim(holder: str | None, by: str | None) -> None:
    """Raise a problem (409) if a user other than `by` has claimed the wait.

    Args:
        holder: Who has claimed it, if anybody has.
        by: Who acts; None, where that is unknown, is nobody who has claimed it.
    """
    if holder not in (None, by):
        raise ProblemError(ProblemType.CLAIMED, f"{holder} has claimed it")


def claim_key(instance_id: str, wait_id: str) -> str:
    """Return the key of a wait's claim in the state store."""
    return f"claim:{instance_id}:{wait_id}"
