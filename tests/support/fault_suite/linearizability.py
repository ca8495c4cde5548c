"""Whether recorded calls of a decision could have happened one after the other.

The object is a register that is written once: the first decision is kept, its repeat is answered as
the first was, and another one is refused. The search is that of Wing and Gong (1993), which
porcupine and Knossos build on: an operation may be placed anywhere between its call and its answer,
and one without an answer anywhere after its call, or nowhere. A decision has few operations, so
nothing cleverer is needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf


@dataclass(frozen=True)
class Attempt:
    """One attempt to decide.

    Args:
        value: What it would decide.
        called: When it was sent.
        answered: When it was answered; infinite where it was not.
        accepted: Whether it was accepted; None where nobody knows.
    """

    value: str
    called: float
    answered: float = inf
    accepted: bool | None = None


def linearizable(attempts: Sequence[Attempt], decided: str | None = None) -> bool:
    """Return whether an order of the attempts explains every answer.

    Args:
        attempts: The recorded attempts.
        decided: What was decided in the end, where that is known.
    """
    known = [attempt for attempt in attempts if attempt.accepted is not None]
    # One that nobody answered explains an answer only where it came first; of several that would
    # decide alike, the one that was sent first does for all. So they cost nothing: an outage
    # leaves dozens of them.
    lost: dict[str, float] = {}
    for attempt in attempts:
        if attempt.accepted is None:
            lost[attempt.value] = min(attempt.called, lost.get(attempt.value, inf))
    failed: set[tuple[frozenset[int], str | None]] = set()

    def explains(left: frozenset[int], value: str | None) -> bool:
        if not left:
            possible = {value} if value is not None else {None, *lost}
            return decided is None or decided in possible
        if (left, value) in failed:
            return False
        # What comes next was called before any other was answered.
        limit = min(known[i].answered for i in left)
        if value is None and any(
            called <= limit and explains(left, first) for first, called in lost.items()
        ):
            return True
        for i in left:
            attempt = known[i]
            accepted = value is None or value == attempt.value
            next_one = attempt.called <= limit and attempt.accepted is accepted
            if next_one and explains(left - {i}, attempt.value if accepted else value):
                return True
        failed.add((left, value))
        return False

    return explains(frozenset(range(len(known))), None)
