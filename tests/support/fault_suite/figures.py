"""The figures of a run: hits, and how long it took until the system worked again."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from support.fault_suite.instance import Instance
from support.fault_suite.schedule import Hit

# Nobody decides and nothing rests in it: it shows whether the system works.
PROBE = "task: completed"


@dataclass(frozen=True)
class KindFigures:
    """What the faults of a kind did.

    Args:
        name: The kind.
        hits: How many met something, with work in flight.
        missed: How many did not.
        in_flight: How many accepted instances had not ended, on average.
        p50: Seconds from the fault until a task that was begun after it has ended; None where
            there was none.
        p99: The same.
    """

    name: str
    hits: int
    missed: int
    in_flight: float
    p50: float | None
    p99: float | None


def figures(hits: Sequence[Hit], instances: Sequence[Instance]) -> list[KindFigures]:
    """Return the figures by kind of fault; see `KindFigures`."""
    kinds: dict[str, list[Hit]] = defaultdict(list)
    for hit in hits:
        kinds[hit.fault.kind].append(hit)
    return [_of_kind(kind, of_kind, instances) for kind, of_kind in sorted(kinds.items())]


def hits_by_fault(hits: Iterable[Hit]) -> dict[str, int]:
    """Return how often each fault hit work in flight."""
    return dict(sorted(Counter(hit.fault.name for hit in hits if hit.proved).items()))


def recovery(at: float, instances: Iterable[Instance]) -> float | None:
    """Return the seconds from `at` until a task that was begun since has ended."""
    ends = [
        instance.ended - at
        for instance in instances
        if instance.case.kind == PROBE and instance.asked >= at and instance.ended is not None
    ]
    return min(ends, default=None)


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the value below which that share of the values is, by the nearest rank."""
    ordered = sorted(values)
    return ordered[ceil(share * len(ordered)) - 1] if ordered else None


def _of_kind(kind: str, hits: list[Hit], instances: Sequence[Instance]) -> KindFigures:
    times = [t for hit in hits if (t := recovery(hit.began, instances)) is not None]
    return KindFigures(
        name=kind,
        hits=sum(hit.proved for hit in hits),
        missed=sum(not hit.proved for hit in hits),
        in_flight=sum(hit.in_flight.total() for hit in hits) / len(hits),
        p50=percentile(times, 0.5),
        p99=percentile(times, 0.99),
    )
