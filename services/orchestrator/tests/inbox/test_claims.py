"""A wait is claimed by one user at a time."""

import pytest

from contracts.problems import ProblemType
from orchestrator.inbox.claims import Claims, check_claim
from servicekit.problems import ProblemError
from servicekit.testing import MemoryStateStore

WAIT = ("purchase-1", "approval.1")


@pytest.fixture
def claims() -> Claims:
    return Claims(MemoryStateStore())


async def test_a_claim_is_kept_and_can_be_repeated(claims: Claims) -> None:
    for _ in range(2):
        assert await claims.change(*WAIT, "dana", claim=True) == "dana"
    assert await claims.holder(*WAIT) == "dana"


async def test_another_user_can_neither_claim_nor_release(claims: Claims) -> None:
    await claims.change(*WAIT, "dana", claim=True)
    for claim in (True, False):
        with pytest.raises(ProblemError) as error:
            await claims.change(*WAIT, "eve", claim=claim)
        assert error.value.type is ProblemType.CLAIMED
        assert error.value.detail == "dana has claimed it"
    assert await claims.holder(*WAIT) == "dana"


async def test_a_released_wait_can_be_claimed_by_another_user(claims: Claims) -> None:
    await claims.change(*WAIT, "dana", claim=True)
    assert await claims.change(*WAIT, "dana", claim=False) is None
    assert await claims.holder(*WAIT) is None
    assert await claims.change(*WAIT, "eve", claim=True) == "eve"


async def test_releasing_an_unclaimed_wait_writes_nothing() -> None:
    store = MemoryStateStore()
    assert await Claims(store).change(*WAIT, "dana", claim=False) is None
    assert store.data == {}


async def test_a_later_wait_of_the_same_instance_is_unclaimed(claims: Claims) -> None:
    later = ("purchase-1", "approval.2")
    await claims.change(*WAIT, "dana", claim=True)
    assert await claims.holders([WAIT, later]) == {WAIT: "dana", later: None}


def test_the_holder_passes_and_so_does_everybody_on_an_unclaimed_wait() -> None:
    check_claim("dana", "dana")
    check_claim(None, "eve")
