"""Which fault explains that an instance ended with all of its effects undone."""

from collections.abc import Iterable
from dataclasses import dataclass

from support.fault_suite.instance import Instance
from support.fault_suite.invariants import ADDS_UP, Problems, reached_its_aim
from support.fault_suite.schedule import Hit

# Of an instance's own steps, each has three attempts, at its own store. A peer that is away is
# waited for, and a peer whose store refuses says that it is.
AFTER_SECONDS = 30.0
"""How long after its end a fault still counts: a sidecar finds its store again after pauses."""


@dataclass(frozen=True)
class Span:
    """When a store was not usable, in seconds of the run."""

    began: float
    ended: float


def check_undone(instances: Iterable[Instance], hits: Iterable[Hit], problems: Problems) -> None:
    """Add a problem for each instance that was undone while its own store could be used."""
    spans = [_span(hit) for hit in hits if hit.fault.takes_store]
    for instance in instances:
        if instance.ended is None or reached_its_aim(instance):
            continue
        if not any(_overlaps(span, instance) for span in spans):
            problems.add(
                ADDS_UP,
                f"{instance.id} ({instance.case.kind}): {instance.outcome}, and no fault was on "
                "the store of its own steps meanwhile",
            )


def _span(hit: Hit) -> Span:
    ended = float("inf") if hit.ended is None else hit.ended + AFTER_SECONDS
    return Span(hit.began, ended)


def _overlaps(span: Span, instance: Instance) -> bool:
    assert instance.ended is not None
    return span.began <= instance.ended and instance.asked <= span.ended
