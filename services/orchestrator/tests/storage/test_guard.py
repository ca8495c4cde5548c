"""New work is refused while the store is nearly full, and admitted again when it is not."""

import pytest

from contracts.problems import ProblemType
from orchestrator.storage.fill import Fill, FillUnknown
from orchestrator.storage.guard import RETRY_AFTER_SECONDS, StoreGuard
from servicekit.problems import ProblemError


class Store:
    """A store of 100 bytes."""

    def __init__(self, used: int = 0) -> None:
        self.used = used
        self.down = False

    async def read(self) -> Fill:
        if self.down:
            raise FillUnknown("refused")
        return Fill("store", self.used, 100)


async def admits(guard: StoreGuard) -> bool:
    await guard.measure()
    if not guard.full:
        guard.admit()
        return True
    with pytest.raises(ProblemError) as error:
        guard.admit()
    assert error.value.type is ProblemType.UNAVAILABLE
    assert error.value.retry_after == RETRY_AFTER_SECONDS
    return False


async def test_it_refuses_from_the_ratio_on_and_admits_below_it() -> None:
    store = Store()
    guard = StoreGuard([store], full_ratio=0.8)
    found = []
    for store.used in (79, 80, 200, 79):
        found.append(await admits(guard))
    assert found == [True, False, False, True]


async def test_the_fullest_of_several_counts() -> None:
    assert not await admits(StoreGuard([Store(10), Store(90), Store(20)]))


async def test_a_store_that_does_not_answer_is_as_full_as_it_was() -> None:
    full, empty = Store(90), Store(10)
    for store, expected in ((full, False), (empty, True)):
        guard = StoreGuard([store])
        await guard.measure()
        store.down = True
        assert await admits(guard) is expected
        assert guard.unknown == "refused"
        store.down = False
        await guard.measure()
        assert guard.unknown is None


async def test_where_nothing_is_measured_nothing_is_refused() -> None:
    guard = StoreGuard([])
    assert await admits(guard)
    assert not guard.measured


@pytest.mark.parametrize(("used", "limit", "ratio"), [(1, 4, 0.25), (5, 4, 1.25), (0, 0, 1.0)])
def test_the_ratio(used: int, limit: int, ratio: float) -> None:
    assert Fill("store", used, limit).ratio == ratio
