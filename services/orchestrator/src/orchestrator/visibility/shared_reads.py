"""Reads of instances, shared by all who want the same one, and bounded in number and time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from enum import Enum, auto

Read = Callable[[str], Awaitable[None]]
"""Reads one instance and keeps what it found; whoever waits for it gets what it raises."""


class Lane(Enum):
    """Who wants a read. Neither waits behind the other's reads."""

    POLL = auto()
    PAGE = auto()


class _Shared:
    """A read that is under way, or waits for its turn."""

    def __init__(self, instance_id: str, lane: Lane) -> None:
        self.instance_id = instance_id
        self.lane = lane
        self.task: asyncio.Task[None] | None = None
        self.began = False
        self.waiters = 0


class SharedReads:
    """Reads each instance once for all who want it at the same time.

    A read that nobody waits for any more is cancelled, so that what is slow does not pile up.
    """

    def __init__(
        self,
        read: Read,
        late: Callable[[str], None],
        concurrency: dict[Lane, int],
        max_page_reads: int,
        timeout: float,
    ) -> None:
        """Prepare to read.

        Args:
            read: Reads one instance.
            late: Is notified of an instance whose read for the poll had no result in time.
            concurrency: How many reads of each lane are under way at most.
            max_page_reads: How many reads for pages there are at most, those that wait included.
            timeout: Seconds that a read may take, its wait for a turn included.
        """
        self._read = read
        self._late = late
        self._turns = {lane: asyncio.Semaphore(count) for lane, count in concurrency.items()}
        self._max_page_reads = max_page_reads
        self._timeout = timeout
        self._shared: dict[Lane, dict[str, _Shared]] = {lane: {} for lane in Lane}

    @property
    def pending(self) -> int:
        """How many reads there are, under way or not."""
        return sum(len(reads) for reads in self._shared.values())

    async def run(
        self, instance_ids: Iterable[str], lane: Lane, limit: float | None = None
    ) -> None:
        """Read instances, and return when all have been read or given up.

        Args:
            instance_ids: The instances. For a page, those beyond the bound are left out.
            lane: Who wants them.
            limit: Seconds after which to return in any case; None for those of a read.
        """
        joined = [
            read
            for instance_id in dict.fromkeys(instance_ids)
            if (read := self._join(instance_id, lane)) is not None
        ]
        tasks = [read.task for read in joined if read.task is not None]
        try:
            if tasks:
                done, _ = await asyncio.wait(tasks, timeout=limit)
                for task in done:
                    task.result()
        finally:
            for read in joined:
                self._leave(read)

    def _join(self, instance_id: str, lane: Lane) -> _Shared | None:
        read = self._shared[lane].get(instance_id)
        if read is None and lane is Lane.PAGE:
            # One of the poll that is under way has nothing before it.
            polled = self._shared[Lane.POLL].get(instance_id)
            read = polled if polled is not None and polled.began else None
        if read is None:
            if lane is Lane.PAGE and len(self._shared[lane]) >= self._max_page_reads:
                return None
            read = self._shared[lane][instance_id] = _Shared(instance_id, lane)
            read.task = asyncio.create_task(self._run(read))
        read.waiters += 1
        return read

    def _leave(self, read: _Shared) -> None:
        read.waiters -= 1
        if read.waiters == 0 and read.task is not None:
            # Not by the task itself: one that has not begun does not get to it.
            self._forget(read)
            read.task.cancel()

    async def _run(self, read: _Shared) -> None:
        try:
            async with asyncio.timeout(self._timeout), self._turns[read.lane]:
                read.began = True
                await self._read(read.instance_id)
        except TimeoutError:
            if read.lane is Lane.POLL:
                self._late(read.instance_id)
        finally:
            # Whoever comes from now on wants a state that is newer.
            self._forget(read)

    def _forget(self, read: _Shared) -> None:
        if self._shared[read.lane].get(read.instance_id) is read:
            del self._shared[read.lane][read.instance_id]
