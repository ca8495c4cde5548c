"""Injects a drawn fault every few seconds, and notes what it hit."""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeVar

from support.fault_suite.client import Recorder
from support.fault_suite.fault import Fault, LoadTarget, Missed

log = logging.getLogger(__name__)
T = TypeVar("T", bound=LoadTarget)

LOOK_SECONDS = 0.01


@dataclass
class Hit:
    """A fault that was made.

    Args:
        fault: Which.
        began: When, in seconds of the run.
        in_flight: The accepted instances that had not ended then, by their step.
        ended: When it was over; None where that did not happen.
        problem: Why it was not over in time, if so.
        missed: Whether nothing met it.
    """

    fault: Fault[Any]
    began: float
    in_flight: Counter[str]
    ended: float | None = None
    problem: str | None = None
    missed: bool = False

    @property
    def proved(self) -> bool:
        """Whether it met something, and work was in flight."""
        return self.in_flight.total() > 0 and not self.missed


class Injector(Generic[T]):
    """Makes faults; those on other processes may overlap.

    Attributes:
        hits: What was made.
    """

    def __init__(self, target: T, recorder: Recorder, drawn: Iterator[Fault[T]]) -> None:
        """Make the faults in the order that they are drawn in."""
        self._target = target
        self._recorder = recorder
        self._drawn = drawn
        self._free = asyncio.Condition()
        self._struck: set[str] = set()
        self.hits: list[Hit] = []

    async def run(self, count: int, every: float) -> None:
        """Make `count` faults, `every` seconds apart or more; return when all are over.

        One that another fault on its process holds up comes later, and so do those after it; and
        each waits, as long as the next would come, for something to be in flight.
        """
        async with asyncio.TaskGroup() as group:
            for fault in islice(self._drawn, count):
                async with self._free:
                    while fault.victims & self._struck:
                        await self._free.wait()
                    self._struck |= fault.victims
                in_flight = await self._in_flight(every)
                hit = Hit(fault, self._recorder.now(), in_flight)
                self.hits.append(hit)
                group.create_task(self._make(hit), name=fault.name)
                await asyncio.sleep(every)

    async def _in_flight(self, within: float) -> Counter[str]:
        """Return what is in flight, once something is: between two instances a fault hits none."""
        until = self._recorder.now() + within
        while True:
            found = self._target.load.in_flight()
            if found or self._recorder.now() >= until:
                return found
            await asyncio.sleep(LOOK_SECONDS)

    async def _make(self, hit: Hit) -> None:
        try:
            await hit.fault.inject(self._target)
            hit.ended = self._recorder.now()
        except Missed:
            hit.ended, hit.missed = self._recorder.now(), True
        except Exception as error:
            # The run goes on, and has failed: nothing else may be known of what follows.
            log.exception("the fault %s was not over", hit.fault.name)
            hit.problem = f"{type(error).__name__}: {error}".splitlines()[0]
        finally:
            async with self._free:
                self._struck -= hit.fault.victims
                self._free.notify_all()
