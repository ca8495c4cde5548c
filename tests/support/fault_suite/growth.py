"""Whether memory grows without a bound: what is used after rounds of the same load."""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

WARM_UP = 0.4
"""The first part of the rounds, in which caches, pools and the allocators' arenas fill: Python's
services and Dapr's sidecars grow by a third in it, and not after it."""
WITHIN = 1.10
"""What is the same memory: within a tenth."""
LEAST_ROUNDS = 10


def growing(rounds: Sequence[Mapping[str, float]]) -> Iterator[str]:
    """Yield the processes whose memory still grows after the warm-up.

    The median of the first half of what follows the warm-up is compared with that of the second
    half: a single round in which a collector was late decides nothing.

    Args:
        rounds: The MiB of each process, when it was quiet after each round.

    Raises:
        ValueError: There are too few rounds to tell.
    """
    if len(rounds) < LEAST_ROUNDS:
        raise ValueError(f"{len(rounds)} rounds, and {LEAST_ROUNDS} are needed")
    warm = rounds[round(WARM_UP * len(rounds)) :]
    half = len(warm) // 2
    for name in warm[0]:
        before = median(memory[name] for memory in warm[:half])
        after = median(memory[name] for memory in warm[-half:])
        if after > WITHIN * before:
            yield f"{name} grows: {before:.1f} MiB, and {after:.1f} MiB {half} rounds later"
