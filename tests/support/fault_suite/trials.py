"""The short runs that deliberate breaks are looked for in, each with what shows one."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from support.fault_suite.cases import Make
from support.fault_suite.mix import MIX, REMOVABLE, TIMED
from support.fault_suite.outcome import Settings
from support.fault_suite.target import Fault
from support.stacks import kept_for


@dataclass(frozen=True)
class Trial:
    """A run whose faults are a fixed list.

    Args:
        name: What it is called.
        faults: Those that are drawn, by their names.
        rounds: How often each is made.
        every: Seconds between two faults.
        mix: How often each case occurs.
        programs: Random programs that begin each second.
        kept_seconds: As in `Settings`.
    """

    name: str
    faults: frozenset[str]
    rounds: int = 1
    every: float = 5.0
    mix: Mapping[Make, int] = field(default_factory=lambda: MIX)
    programs: float = 0.0
    kept_seconds: float | None = None

    def settings(self, store: str, seed: int, rate: float) -> Settings:
        """Return the settings of a run."""
        minutes = self.rounds * len(self.faults) * self.every / 60
        return Settings(
            store,
            seed,
            minutes,
            rate,
            self.every,
            programs=self.programs,
            kept_seconds=self.kept_seconds,
        )

    def env(self) -> dict[str, dict[str, str]]:
        """Return the environment variables of its processes."""
        kept = self.kept_seconds
        return {} if kept is None else {"orchestrator": kept_for(kept)}

    def choose(self, among: list[Fault]) -> list[Fault]:
        """Return its faults that are among these."""
        return [fault for fault in among if fault.name in self.faults]


REPEATED = Trial(
    "what was done is repeated",
    frozenset(
        {
            "kill -9 orchestrator",
            "kill -9 orchestrator-sidecar",
            "50 identical starts",
            "every answer lost",
        }
    ),
    rounds=2,
    programs=0.1,
)
"""What makes activities, starts and decisions happen more than once."""

REMOVED = Trial(
    "what has ended is removed, and started again",
    frozenset({"kill -9 orchestrator", "every answer lost"}),
    mix=REMOVABLE,
    kept_seconds=30.0,
)
"""After that time the engine knows nothing of an instance: only the record of its start does."""

WIPED = Trial(
    "the scheduler's data is wiped",
    frozenset({"wiped scheduler"}),
    mix=TIMED,
    programs=0.1,
)
"""What waits for a timer then has nothing that wakes it."""

TRIALS = (REPEATED, REMOVED, WIPED)
