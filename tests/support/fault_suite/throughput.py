"""The top throughput of the mix, measured before any fault: a closed loop."""

import asyncio
from dataclasses import dataclass

from support.fault_suite.client import Recorder
from support.fault_suite.load import Load

OPEN = 32
"""How many instances are under way at once."""
SECONDS, WARM_UP_SECONDS = 45.0, 10.0
SHARE = 0.6
"""Of the top throughput is the load: what is lost by faults can be made up for."""


@dataclass(frozen=True)
class Throughput:
    """What was measured.

    Args:
        per_second: Instances that ended each second.
        open: How many were under way at once.
        seconds: How long they were counted for.
    """

    per_second: float
    open: int = OPEN
    seconds: float = SECONDS

    @property
    def rate(self) -> float:
        """The rate of the load: instances that begin each second."""
        return round(SHARE * self.per_second, 2)

    def __str__(self) -> str:
        """Return it in words."""
        return (
            f"{SHARE:.0%} of {self.per_second:.1f}/s, measured with {self.open} open in "
            f"{self.seconds:g} s"
        )


async def measure(load: Load, recorder: Recorder) -> Throughput:
    """Keep a number of instances under way, and count those that end.

    Args:
        load: Begins them, and keeps them: they are checked after the run like all others.
        recorder: The clock of the run.
    """
    began = recorder.now() + WARM_UP_SECONDS
    until = began + SECONDS

    async def one_after_another() -> None:
        while recorder.now() < until:
            await load.begin_and_wait()

    workers = [asyncio.create_task(one_after_another()) for _ in range(OPEN)]
    await asyncio.wait(workers, timeout=WARM_UP_SECONDS + SECONDS)
    ended = sum(began <= (i.ended or 0.0) < until for i in load.instances)
    await asyncio.gather(*workers)
    return Throughput(ended / SECONDS)
