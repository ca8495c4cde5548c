"""Draws programs: mostly small ones, of every kind of node."""

from collections.abc import Callable, Mapping
from itertools import count
from random import Random
from typing import TypeVar

from support.programs import nodes
from support.programs.nodes import NEVER_NAMES, PERMANENT, AnyNode, Effect, EffectFault, EffectKind

Drawn = TypeVar("Drawn")

# How many nodes a program has, and how often, in percent.
SIZES = {1: 25, 3: 30, 6: 30, 12: 12, 25: 3}
KINDS = {
    EffectKind.RECORD: 6,
    EffectKind.PAYMENT: 2,
    EffectKind.ASSIGNMENT: 1,
    EffectKind.NOTIFICATION: 1,
}
# None is an effect that does not fail.
FAULTS: dict[EffectFault | None, int] = {
    None: 20,
    EffectFault.RETRIED: 2,
    EffectFault.ANSWER_LOST: 3,
    EffectFault.REFUSED: 1,
    EffectFault.REFUSED_AFTER: 2,
    EffectFault.EXHAUSTED: 1,
}
LONGEST_TIMER_MS = 1_500
# Whether the event is sent, and the deadline in milliseconds: what is sent late may be refused.
WAITS: dict[tuple[bool, int | None], int] = {
    (True, None): 8,
    (True, 15_000): 2,
    (True, 1_000): 1,
    (False, 300): 2,
}
DEEPEST_CHILD = 2
RETRIED_CHILDREN = 0.2


class Generator:
    """Draws the nodes of one program."""

    def __init__(self, random: Random) -> None:
        """Draw by a source of randomness."""
        self._random = random
        self._ids = count(1)
        self._never: list[str] = []

    def generations(self, events: list[str], depth: int = 0) -> list[AnyNode]:
        """Return the generations of a program or of a child, each of its own size.

        Args:
            events: The names of the events that may be waited for at the same time.
            depth: How many parents it has.
        """
        number = self._weighted({1: 12, 2: 3, 3: 1})
        size = self._weighted(SIZES) if depth == 0 else self._random.randint(1, 3)
        drawn: list[AnyNode] = []
        for _ in range(number):
            if depth == 0:
                self._never = [*NEVER_NAMES]
            drawn.append(self.node(max(1, size // number), [*events], depth))
        # The engine loses an instance whose worker dies while it continues as new in the turn of a
        # timer or an event: see docs/known-limits.md. So a generation ends with an activity.
        return [
            nodes.Sequence(steps=[node, Effect(id=next(self._ids))]) for node in drawn[:-1]
        ] + drawn[-1:]

    def node(self, size: int, events: list[str], depth: int) -> AnyNode:
        """Return a node.

        Args:
            size: How many nodes there are at most in it.
            events: The names of the events that it may wait for.
            depth: How many parents its instance has.
        """
        if size <= 1:
            return self._leaf(events)
        composed: dict[Callable[[int, list[str], int], AnyNode], int] = {
            self._sequence: 5,
            self._parallel: 3,
            self._fan_out: 3,
            self._scope: 3,
        }
        if depth < DEEPEST_CHILD:
            composed[self._child] = 2
        if self._never and depth == 0:
            composed[self._race] = 1
        return self._weighted(composed)(size, events, depth)

    def _leaf(self, events: list[str]) -> AnyNode:
        leaves: dict[Callable[[], AnyNode], int] = {self._effect: 8, self._timer: 1}
        if events:
            leaves[lambda: self._event(events[0])] = 1
        return self._weighted(leaves)()

    def _effect(self) -> Effect:
        kind, fault = self._weighted(KINDS), self._weighted(FAULTS)
        retried = fault is not None and fault not in PERMANENT
        return Effect(
            id=next(self._ids),
            kind=kind,
            fault=fault,
            failures=self._random.randint(1, 2) if retried else 0,
            compensation_failures=self._weighted({0: 8, 1: 2}),
        )

    def _timer(self) -> nodes.Timer:
        return nodes.Timer(milliseconds=self._random.choice((0, 1, 100, LONGEST_TIMER_MS)))

    def _event(self, name: str) -> nodes.Event:
        sent, deadline = self._weighted(WAITS)
        return nodes.Event(
            id=next(self._ids),
            name=name,
            value=self._random.randint(100, 10**6) if sent else None,
            deadline_milliseconds=deadline,
        )

    def _sequence(self, size: int, events: list[str], depth: int) -> AnyNode:
        return nodes.Sequence(steps=[self.node(s, events, depth) for s in self._split(size)])

    def _parallel(self, size: int, events: list[str], depth: int) -> AnyNode:
        sizes = self._split(size)
        shares = [events[number :: len(sizes)] for number in range(len(sizes))]
        return nodes.Parallel(
            branches=[self.node(s, share, depth) for s, share in zip(sizes, shares, strict=True)]
        )

    def _fan_out(self, size: int, events: list[str], depth: int) -> AnyNode:
        tasks: list[Effect | nodes.Child] = [self._effect() for _ in range(min(size, 5))]
        if depth < DEEPEST_CHILD and self._random.random() < 0.3:
            tasks[-1] = self._child(1, events, depth)
        return nodes.FanOut(tasks=tasks)

    def _scope(self, size: int, events: list[str], depth: int) -> AnyNode:
        return nodes.Scope(body=self.node(size - 1, events, depth))

    def _race(self, size: int, events: list[str], depth: int) -> AnyNode:
        never = nodes.Event(id=next(self._ids), name=self._never.pop(), value=None)
        return nodes.Race(contender=self.node(size - 1, events, depth), never=never)

    def _child(self, size: int, events: list[str], depth: int) -> nodes.Child:
        if self._random.random() < RETRIED_CHILDREN:
            return self._retried_child()
        # A child takes no events.
        return nodes.Child(id=next(self._ids), generations=self.generations([], depth + 1))

    def _retried_child(self) -> nodes.Child:
        # Nothing else in it fails, so that a retry repeats no failure.
        probe = Effect(
            id=next(self._ids), fault=EffectFault.RETRIED, failures=self._random.randint(1, 2)
        )
        body = nodes.Sequence(steps=[Effect(id=next(self._ids)), self._timer()])
        return nodes.Child(id=next(self._ids), generations=[body], probe=probe)

    def _split(self, size: int) -> list[int]:
        """Return the sizes of two to four parts."""
        parts = [1] * min(self._random.randint(2, 4), size)
        for _ in range(size - len(parts)):
            parts[self._random.randrange(len(parts))] += 1
        return parts

    def _weighted(self, weights: Mapping[Drawn, int]) -> Drawn:
        [drawn] = self._random.choices(list(weights), list(weights.values()))
        return drawn
