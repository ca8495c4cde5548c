"""An assignment is kept for as long as it is held, and expires some time after its release."""

from datetime import UTC, datetime, timedelta

import pytest

from assigner.bootstrap import Assigner
from assigner.settings import Settings
from contracts.assigner import AssignmentRequest
from contracts.problems import ProblemType
from servicekit.problems import ProblemError
from servicekit.testing import MemoryStateStore

KEPT = Settings().records_kept
REQUEST = AssignmentRequest(title="T", assignee="alice")


async def expired(store: MemoryStateStore, time: timedelta) -> set[str]:
    before = set(store.data)
    store.pass_time(time)
    return before - set(store.data)


async def test_an_assignment_that_is_held_never_expires(
    assigner: Assigner, store: MemoryStateStore
) -> None:
    await assigner.ledger.assign("t:assign", REQUEST)
    assert await expired(store, 100 * KEPT) == set()
    [item] = (await assigner.agendas.read("alice", 10, datetime.now(UTC))).items
    assert item.key == "t:assign"


async def test_a_released_one_refuses_its_key_for_as_long_as_it_is_kept(
    assigner: Assigner, store: MemoryStateStore
) -> None:
    await assigner.ledger.assign("t:assign", REQUEST)
    store.pass_time(KEPT)
    await assigner.ledger.release("t:assign")
    await assigner.ledger.release("never:assign")
    assert await expired(store, KEPT - timedelta(seconds=1)) == set()
    for key in ("t:assign", "never:assign"):
        with pytest.raises(ProblemError) as error:
            await assigner.ledger.assign(key, REQUEST)
        assert error.value.type is ProblemType.ASSIGNMENT_RELEASED
    assert await expired(store, timedelta(seconds=1)) == {
        "assignment:t:assign",
        "assignment:never:assign",
        "held:alice:0",
    }
    assert (await assigner.ledger.assignments_of("alice", None, 10)).items == []
