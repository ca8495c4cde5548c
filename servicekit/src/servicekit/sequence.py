"""An append-only list in the state store, with a constant cost of an append.

A list in one value would grow with each entry, and all writers would contend for it. Here each
entry has a key of its own, which contains its number, and one small value is the counter. An entry
is a pointer to another key. Readers skip a number without a pointer (a writer crashed), and a
pointer whose target has another number (a repeat reserved two).
"""

from collections.abc import Iterable
from datetime import timedelta

from pydantic import BaseModel

from servicekit.locks import KeyedLocks
from servicekit.state import StateStore

COUNTER_RESERVE = timedelta(days=1)


class Counter(BaseModel):
    """The number of the next entry."""

    next: int = 0


class Pointer(BaseModel):
    """An entry: the key that it points to."""

    key: str


class Sequence:
    """Numbered entries under a name."""

    def __init__(self, store: StateStore, ttl: timedelta | None = None) -> None:
        """Keep the entries in `store`.

        Args:
            store: The state store.
            ttl: How long an entry lives; None for as long as the store says.
        """
        self._store = store
        self._ttl = ttl
        # The counter outlives every entry, for an entry is written after its number is reserved.
        self._counter_ttl = None if ttl is None else ttl + COUNTER_RESERVE
        self._locks = KeyedLocks()

    async def reserve(self, name: str) -> int:
        """Return the next number under `name`, which no other writer gets.

        Writers of this process are serialized; conflicts with other replicas are retried.

        Raises:
            StoreUnavailable: Too many conflicts in a row, or the store does not respond.
        """

        def advanced(counter: Counter | None) -> Counter:
            return Counter(next=(counter.next if counter else 0) + 1)

        async with self._locks(name):
            counter = await self._store.update(name, Counter, advanced, ttl=self._counter_ttl)
            return counter.next - 1

    async def place(
        self, name: str, number: int, key: str, *, ttl: timedelta | None = None
    ) -> None:
        """Write the pointer of entry `number` under `name` to `key`; `ttl` is this entry's own."""
        await self._store.overwrite(f"{name}:{number}", Pointer(key=key), ttl=ttl or self._ttl)

    async def newest(self, name: str) -> int:
        """Return the `before` of the first page: the number after the newest entry."""
        read = await self._store.get(name, Counter)
        return read.value.next if read.value else 0

    async def page(self, name: str, before: int, limit: int) -> list[tuple[int, str]]:
        """Return up to `limit` entries with numbers under `before`, the highest first."""
        return await self.entries(name, range(before - 1, max(before - 1 - limit, -1), -1))

    async def entries(self, name: str, numbers: Iterable[int]) -> list[tuple[int, str]]:
        """Return the entries with these numbers, in their order, without those that do not exist.

        All are read in one call: give no more numbers than fit in a page.
        """
        keys = {f"{name}:{number}": number for number in numbers}
        read = await self._store.get_many(keys, Pointer)
        return [(keys[key], entry.value.key) for key, entry in read.items() if entry.value]


def next_before(before: int, limit: int) -> int | None:
    """Return where the page after this one starts, or None at the end."""
    return before - limit if before > limit else None
