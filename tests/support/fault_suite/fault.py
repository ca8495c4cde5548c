"""What a fault is, in whatever system it is made, and the order in which faults are made."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Generic, TypeVar

from support.fault_suite.client import Client
from support.fault_suite.load import Load


@dataclass(frozen=True)
class LoadTarget:
    """The load and its client: what any fault can be made in."""

    load: Load
    client: Client


T = TypeVar("T", bound=LoadTarget, contravariant=True)
F = TypeVar("F")


class FaultNotOver(Exception):
    """A fault had no effect, or what it hit did not become ready again."""


class Missed(Exception):
    """A fault was made, and nothing met it: it is no hit."""


@dataclass(frozen=True)
class Fault(Generic[T]):
    """A kind of fault.

    Args:
        name: Its name in the report.
        kind: What it is one of, for the figures by kind.
        victims: What it makes unusable: never two faults at once on one of them.
        inject: Makes it, and returns when it is over; raises `Missed` where nothing met it.
        link: The connection that it is on, if any.
        takes_store: Whether the orchestrator's store cannot be used meanwhile, or its sidecar: the
            three attempts of a step of its own may then fail.
        small_disk: Whether it needs the scheduler's data on a file system of its own.
    """

    name: str
    kind: str
    victims: frozenset[str]
    inject: Callable[[T], Awaitable[None]] = field(repr=False)
    link: str | None = None
    takes_store: bool = False
    small_disk: bool = False


def drawn(faults: list[F], rare: list[F], random: Random) -> Iterator[F]:
    """Yield faults without an end: each as often as any other, and few of the rare ones."""
    while True:
        # One of the rare ones in each round, for a suspension of 30 s holds up much of it.
        bag = [*faults, *random.sample(rare, min(1, len(rare)))]
        random.shuffle(bag)
        yield from bag
