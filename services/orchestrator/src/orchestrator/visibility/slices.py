"""Long scans in slices, between which the event loop serves everybody else."""

import asyncio
from collections.abc import AsyncIterator, Iterable

from orchestrator.visibility.entry import Entry

# With the longest search this takes about 2 ms: probes and the worker do not notice.
SLICE = 2_000


async def sliced(entries: Iterable[Entry]) -> AsyncIterator[list[Entry]]:
    """Yield entries in slices, as they were at the call."""
    snapshot = list(entries)
    for first in range(0, len(snapshot), SLICE):
        yield snapshot[first : first + SLICE]
        await asyncio.sleep(0)
