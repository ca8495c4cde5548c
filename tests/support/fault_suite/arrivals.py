"""Work that arrives at a rate, whatever becomes of what arrived before: an open loop."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager

from support.fault_suite.client import Recorder


class Arrivals(ABC):
    """Keeps the tasks of what has arrived until they end."""

    def __init__(self, recorder: Recorder) -> None:
        """Measure the time by `recorder`."""
        self._recorder = recorder
        self._tasks: set[asyncio.Task[None]] = set()

    @abstractmethod
    def arrive(self) -> None:
        """Begin the next, or note that it is not begun."""

    @asynccontextmanager
    async def applied(self, rate: float) -> AsyncIterator[None]:
        """Have `rate` arrive a second as long as the context lasts."""
        task = asyncio.create_task(self._arrive_at(rate))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def drain(self, seconds: float) -> None:
        """Wait until all have ended, for so long; what has not is abandoned."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _keep(self, work: Coroutine[None, None, None], name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _arrive_at(self, rate: float) -> None:
        began, count = self._recorder.now(), 0
        while rate > 0:
            count += 1
            await asyncio.sleep(began + count / rate - self._recorder.now())
            self.arrive()
