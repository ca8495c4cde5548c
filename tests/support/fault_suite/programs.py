"""Random programs in the load, each compared with its model once it is quiet."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from support.fault_suite.client import Recorder
from support.programs.client import Ended, differences, drive, observe, start
from support.programs.program import Program
from support.system import System


@dataclass
class ProgramRun:
    """A program that was begun.

    Args:
        program: It.
        accepted: Whether its start was accepted.
        ended: How it ended; None until then.
        failure: What its client should not have seen.
    """

    program: Program
    accepted: bool = False
    ended: Ended | None = None
    failure: str | None = None


class Programs:
    """Starts programs at a rate, and keeps all of them.

    Attributes:
        runs: Every program, in the order of their starts.
    """

    def __init__(self, system: System, recorder: Recorder, seed: int) -> None:
        """Draw the programs by a seed."""
        self._system = system
        self._recorder = recorder
        self._seed = seed
        self._tasks: set[asyncio.Task[None]] = set()
        self.runs: list[ProgramRun] = []

    @asynccontextmanager
    async def applied(self, rate: float) -> AsyncIterator[None]:
        """Begin `rate` programs a second as long as the context lasts."""
        task = asyncio.create_task(self._begin_at(rate))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    @property
    def in_flight(self) -> int:
        """How many are accepted and have not ended."""
        return sum(run.accepted and run.ended is None for run in self.runs)

    async def drain(self, seconds: float) -> None:
        """Wait until all have ended, for so long; what has not is abandoned."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def differences(self) -> list[str]:
        """Return where a program's output or effects are not as its model says."""
        found: list[str] = []
        for run in self.runs:
            if run.ended is not None:
                observed = await observe(self._system, run.program)
                found += differences(run.program, run.ended, observed)
        return found

    def unfinished(self) -> list[str]:
        """Return what did not end."""
        return [
            f"{run.program.instance_id}: {run.failure or 'it did not end'}"
            for run in self.runs
            if run.ended is None
        ]

    async def _begin_at(self, rate: float) -> None:
        began, count = self._recorder.now(), 0
        while rate > 0:
            count += 1
            await asyncio.sleep(began + count / rate - self._recorder.now())
            run = ProgramRun(Program.generate(self._seed, len(self.runs)))
            self.runs.append(run)
            task = asyncio.create_task(self._run(run), name=run.program.instance_id)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self, run: ProgramRun) -> None:
        try:
            await start(self._system, run.program)
            run.accepted = True
            run.ended = await drive(self._system, run.program)
        except AssertionError as error:
            # A refusal, or its client has lost patience.
            run.failure = str(error)
