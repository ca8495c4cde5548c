"""A state store that crashes at its first write."""

import pytest

from servicekit.testing import MemoryStateStore

CRASHES = pytest.mark.parametrize("lands", [True, False])


def crashing(store: MemoryStateStore, lands: bool) -> MemoryStateStore:
    crashing = MemoryStateStore(store.data)
    crashing.writes_until_crash, crashing.crash_lands = 0, lands
    return crashing
