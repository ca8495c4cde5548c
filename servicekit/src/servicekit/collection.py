"""What callers store by ids of their own, and no more of it than a quota.

The ids are one value of the store, so that the quota holds whoever writes; it is read and written
with each new id, so a collection is for hundreds or thousands. An id is listed before its value is
written and removed after the value is deleted: a crash in between leaves an id too many, which
counts until it is written or deleted again, and never a value that does not count.
"""

from pydantic import BaseModel

from contracts.problems import ProblemType
from servicekit.problems import ProblemError
from servicekit.state import StateStore

# A quota is full until somebody deletes something: when that is, nobody knows.
RETRY_AFTER_SECONDS = 60


class Ids(BaseModel):
    """The ids of a collection, in order."""

    ids: list[str] = []


class Collection:
    """The ids of a collection, at most as many as its quota."""

    def __init__(self, store: StateStore, name: str, quota: int) -> None:
        """Keep the ids in `store`.

        Args:
            store: The state store.
            name: The key of the list, and the plural that problems call it by: `documents`.
            quota: The most ids.
        """
        self._store = store
        self._name = name
        self._quota = quota

    async def add(self, id_: str) -> None:
        """List an id, unless it is listed.

        Raises:
            ProblemError: The collection is full (429).
        """

        def added(listed: Ids | None) -> Ids | None:
            ids = set(listed.ids if listed else ())
            if id_ in ids:
                return None
            if len(ids) >= self._quota:
                raise ProblemError(
                    ProblemType.TOO_MANY_REQUESTS,
                    f"There are {len(ids)} {self._name}, and no more than {self._quota} are kept: "
                    "delete one first",
                    retry_after=RETRY_AFTER_SECONDS,
                )
            return Ids(ids=sorted(ids | {id_}))

        async with self._store.locks(self._name):
            await self._store.update(self._name, Ids, added)

    async def remove(self, id_: str) -> None:
        """Take an id from the list, if it is there."""

        def removed(listed: Ids | None) -> Ids | None:
            return Ids(ids=[one for one in listed.ids if one != id_]) if listed else None

        async with self._store.locks(self._name):
            await self._store.update(self._name, Ids, removed)
