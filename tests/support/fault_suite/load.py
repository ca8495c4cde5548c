"""The load: instances of the mix, begun at a rate whatever becomes of them."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

from support.fault_suite.cases import Making
from support.fault_suite.client import Client, Recorder
from support.fault_suite.instance import Instance
from support.fault_suite.mix import draw
from support.fault_suite.people import People

# What is open at once, beyond which a client waits: a system that stands still is not buried.
MOST_OPEN = 300


class Load:
    """Starts instances, and keeps all of them.

    Attributes:
        instances: Every instance, in the order of their starts.
        held_back: How many were due while too many were open.
    """

    def __init__(
        self, client: Client, recorder: Recorder, people: People, random: Random, web: str
    ) -> None:
        """Draw the cases by `random`."""
        self._client = client
        self._recorder = recorder
        self._people = people
        self._random = random
        self._web = web
        self._tasks: set[asyncio.Task[None]] = set()
        self.instances: list[Instance] = []
        self.held_back = 0

    @asynccontextmanager
    async def applied(self, rate: float) -> AsyncIterator[None]:
        """Begin `rate` instances a second as long as the context lasts."""
        task = asyncio.create_task(self._begin_at(rate))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def begin(self) -> Instance:
        """Begin the next instance."""
        name = f"{self._people.run}-{len(self.instances)}"
        case = draw(Making(name, self._people, self._random, self._web))
        instance = Instance(name, case, self._recorder.now())
        self.instances.append(instance)
        task = asyncio.create_task(instance.run(self._client, self._recorder), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return instance

    def in_flight(self) -> Counter[str]:
        """Return the instances that are accepted and have not ended, by their step."""
        return Counter(i.step or "accepted" for i in self.instances if i.in_flight)

    async def drain(self, seconds: float) -> None:
        """Wait until all have ended, for so long; what has not is abandoned."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _begin_at(self, rate: float) -> None:
        began, count = self._recorder.now(), 0
        while True:
            count += 1
            await asyncio.sleep(began + count / rate - self._recorder.now())
            if len(self._tasks) < MOST_OPEN:
                self.begin()
            else:
                self.held_back += 1
