"""How often the receiving services were asked, whatever came of it."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from support.system import System

# OpenTelemetry's count of the requests of a route, in Prometheus' format.
COUNT = re.compile(
    r'^http_server_duration_milliseconds_count\{(?=.*http_method="PUT")'
    r'(?=.*http_target="/(?:assignments|notifications)/\{key\}").*\} ([\d.]+)',
    re.MULTILINE,
)
EVERY = 1.0


class Attempts:
    """Adds up counters that begin again at 0 in each life of a process.

    What was counted in the last second of a process that is killed is lost: so it is a least.

    Attributes:
        counted: The `PUT`s of each service.
    """

    def __init__(self, system: System) -> None:
        """Read the counters of a system."""
        self._clients = {"assigner": system.assigner, "notifier": system.notifier}
        self._last: Counter[str] = Counter()
        self.counted: Counter[str] = Counter()

    @asynccontextmanager
    async def counting(self) -> AsyncIterator[None]:
        """Count as long as the context lasts."""
        await self.read()
        self.counted.clear()
        task = asyncio.create_task(self._read_often())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.read()

    async def read(self) -> None:
        """Read each counter once."""
        for name, client in self._clients.items():
            try:
                answer = await client.get("/metrics", timeout=2)
            except httpx.TransportError:
                continue  # It is down, suspended or being started: the next read has its count.
            if not answer.is_success:
                continue  # Something before it says that it is away: it has counted nothing.
            now = round(sum(float(number) for number in COUNT.findall(answer.text)))
            self.counted[name] += now - self._last[name] if now >= self._last[name] else now
            self._last[name] = now

    async def _read_often(self) -> None:
        while True:
            await self.read()
            await asyncio.sleep(EVERY)
