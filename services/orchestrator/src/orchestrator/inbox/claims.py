"""Who sees to what waits: a note for colleagues, so that two do not work on the same."""

from pydantic import BaseModel

from contracts.problems import ProblemType
from servicekit.problems import ProblemError
from servicekit.state import StateStore, until_written


class ClaimRecord(BaseModel):
    """Who sees to a wait; nobody where it was given back."""

    by: str | None


class Claims:
    """The notes in a state store; a wait's id names them, so a later wait begins unclaimed."""

    def __init__(self, store: StateStore) -> None:
        """Keep them in `store`."""
        self._store = store

    async def change(self, instance_id: str, wait_id: str, by: str, *, claim: bool) -> str | None:
        """Claim a wait, or give it back; who does so twice is answered alike.

        Returns:
            Who sees to it now.

        Raises:
            ProblemError: Somebody else does (409).
        """
        key = claim_key(instance_id, wait_id)

        async def attempt() -> str | None:
            read = await self._store.get(key, ClaimRecord)
            holder = read.value.by if read.value else None
            refuse_other(holder, by)
            wanted = by if claim else None
            if holder != wanted:
                await self._store.put(key, ClaimRecord(by=wanted), read.etag)
            return wanted

        return await until_written(key, attempt)

    async def holder(self, instance_id: str, wait_id: str) -> str | None:
        """Return who sees to a wait, if somebody does."""
        read = await self._store.get(claim_key(instance_id, wait_id), ClaimRecord)
        return read.value.by if read.value else None

    async def holders(self, waits: list[tuple[str, str]]) -> dict[tuple[str, str], str | None]:
        """Return who sees to each wait, named by its instance and its id."""
        keys = {claim_key(*wait): wait for wait in waits}
        read = await self._store.get_many(keys, ClaimRecord)
        return {keys[key]: entry.value.by if entry.value else None for key, entry in read.items()}


def refuse_other(holder: str | None, by: str) -> None:
    """Raise a problem where somebody else sees to it."""
    if holder not in (None, by):
        raise ProblemError(ProblemType.CLAIMED, f"{holder} sees to it")


def claim_key(instance_id: str, wait_id: str) -> str:
    """Return where the claim of a wait is kept."""
    return f"claim:{instance_id}:{wait_id}"
