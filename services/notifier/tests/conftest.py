import pytest

from notifier.bootstrap import Notifier
from notifier.settings import Settings
from servicekit.testing import MemoryStateStore


@pytest.fixture
def store() -> MemoryStateStore:
    return MemoryStateStore()


@pytest.fixture
def notifier(store: MemoryStateStore) -> Notifier:
    return Notifier.create(store, Settings())
