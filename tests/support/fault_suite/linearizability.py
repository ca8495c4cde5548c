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
    failed: set[tuple[frozenset[int], str | None]] = set()

    def explains(left: frozenset[int], value: str | None) -> bool:
        known = [i for i in left if attempts[i].accepted is not None]
        if not known and (decided is None or value == decided):
            return True
        if (left, value) in failed:
            return False
        # What comes next was called before any other was answered.
        limit = min((attempts[i].answered for i in left), default=inf)
        for i in left:
            attempt = attempts[i]
            if attempt.called > limit:
                continue
            accepted = value is None or value == attempt.value
            if attempt.accepted in (None, accepted):
                after = attempt.value if accepted else value
                if explains(left - {i}, after):
                    return True
        failed.add((left, value))
        return False

    return explains(frozenset(range(len(attempts))), None)
