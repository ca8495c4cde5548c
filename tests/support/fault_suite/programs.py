"""Random programs in the load, each compared with its model once it is quiet."""

from dataclasses import dataclass

from support.fault_suite.arrivals import Arrivals
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


class Programs(Arrivals):
    """Starts programs at a rate, and keeps all of them.

    Attributes:
        runs: Every program, in the order of their starts.
    """

    def __init__(self, system: System, recorder: Recorder, seed: int, prefix: str) -> None:
        """Draw the programs by a seed; their ids begin with `prefix`."""
        super().__init__(recorder)
        self._system = system
        self._seed = seed
        self._prefix = prefix
        self.runs: list[ProgramRun] = []

    def arrive(self) -> None:
        """Begin the next program."""
        run = ProgramRun(Program.generate(self._seed, len(self.runs), self._prefix))
        self.runs.append(run)
        self._keep(self._run(run), run.program.instance_id)

    @property
    def in_flight(self) -> int:
        """How many are accepted and have not ended."""
        return sum(run.accepted and run.ended is None for run in self.runs)

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

    async def _run(self, run: ProgramRun) -> None:
        try:
            await start(self._system, run.program)
            run.accepted = True
            run.ended = await drive(self._system, run.program)
        except AssertionError as error:
            # A refusal, or its client has lost patience.
            run.failure = str(error)
