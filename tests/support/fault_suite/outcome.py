"""What a run has shown, in one value that is written as JSON."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from support.fault_suite.figures import KindFigures, figures, hits_by_fault
from support.fault_suite.instance import Instance
from support.fault_suite.invariants import Problems, reached_its_aim
from support.fault_suite.schedule import Hit
from support.fault_suite.throughput import Throughput


@dataclass(frozen=True)
class Settings:
    """How a run is made.

    Args:
        store: The stack's store.
        seed: Draws the load and the faults.
        minutes: How long faults are made.
        rate: Instances that begin each second; 0 for a share of what is measured first.
        every: Seconds between two faults.
        programs: Random programs that begin each second.
        kept_seconds: How long what has ended is kept; each start is repeated after that. None for
            the service's own time, which is longer than a run.
    """

    store: str
    seed: int
    minutes: float
    rate: float
    every: float
    programs: float = 0.3
    kept_seconds: float | None = None

    @property
    def faults(self) -> int:
        """How many faults are made."""
        return max(1, round(60 * self.minutes / self.every))


@dataclass
class Outcome:
    """A run that is over.

    Args:
        settings: How it was made.
        machine: Where.
        hits: The faults.
        instances: The load.
        problems: What is wrong.
        attempts: The `PUT`s that each receiving service got, at least.
        effects: The assignments and messages that there are.
        calls: How often a call was answered by which status; 0 stands for no answer.
        lost_answers: How many answers were thrown away.
        held_back: How many instances were due while too many were open.
        programs: How many random programs were begun, accepted, ended.
        memory: MiB of each process before and after, once it was quiet.
        jobs: How many jobs of Dapr's scheduler are pending, which all remove what ended;
            None where they could not be read.
        throughput: What the rate is a share of; None where it was given.
        skipped: The faults that cannot be made here, and why.
    """

    settings: Settings
    machine: str
    hits: list[Hit]
    instances: list[Instance]
    problems: Problems
    attempts: Counter[str] = field(default_factory=Counter)
    effects: int = 0
    calls: Counter[int] = field(default_factory=Counter)
    lost_answers: int = 0
    held_back: int = 0
    programs: dict[str, int] = field(default_factory=dict)
    memory: tuple[dict[str, float], dict[str, float]] = ({}, {})
    jobs: int | None = None
    throughput: Throughput | None = None
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def kinds(self) -> list[KindFigures]:
        """The figures by kind of fault."""
        return figures(self.hits, self.instances)

    @property
    def failed_hits(self) -> list[str]:
        """The faults that were not over in time: a process did not become ready again."""
        return [f"{hit.fault.name}: {hit.problem}" for hit in self.hits if hit.problem]

    @property
    def holds(self) -> bool:
        """Whether every invariant held, and every process came back."""
        return not self.problems.any and not self.failed_hits

    def load(self) -> dict[str, dict[str, int]]:
        """Return how the instances of each kind ended."""
        ended: dict[str, Counter[str]] = {}
        for instance in self.instances:
            counts = ended.setdefault(instance.case.kind, Counter())
            counts["begun"] += 1
            counts["accepted"] += instance.accepted is not None
            counts["ended"] += instance.ended is not None
            other = instance.ended is not None and not reached_its_aim(instance)
            counts["undone by a fault"] += other
        counted = {kind: dict(ended[kind]) for kind in sorted(ended)}
        return {**counted, "random programs": {**self.programs, "undone by a fault": 0}}

    def to_json(self) -> dict[str, Any]:
        """Return it all, as JSON has it."""
        return {
            "settings": asdict(self.settings),
            "machine": self.machine,
            "throughput": self.throughput and asdict(self.throughput),
            "holds": self.holds,
            "invariants": self.problems.found,
            "faults": {
                "by_kind": [asdict(kind) for kind in self.kinds],
                "by_fault": hits_by_fault(self.hits),
                "failed": self.failed_hits,
                "skipped": self.skipped,
                "hits": [
                    {
                        "fault": hit.fault.name,
                        "began": round(hit.began, 2),
                        "ended": hit.ended and round(hit.ended, 2),
                        "in_flight": dict(hit.in_flight),
                    }
                    for hit in self.hits
                ],
            },
            "load": self.load(),
            "held_back": self.held_back,
            "attempts": dict(self.attempts),
            "effects": self.effects,
            "answers": {str(status): count for status, count in sorted(self.calls.items())},
            "lost_answers": self.lost_answers,
            "memory_mib": {"before": self.memory[0], "after": self.memory[1]},
            "pending_jobs": self.jobs,
        }
