"""After a crash at any write, a repeat leads to one consistent state."""

import asyncio
import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assigner.bootstrap import Assigner
from assigner.domain import AssignmentRecord
from assigner.settings import Settings
from contracts.assigner import AssignmentRequest, AssignmentStatus, MemberProfile
from servicekit.problems import ProblemError
from servicekit.state import StoreUnavailable
from servicekit.testing import MemoryStateStore

CLOSED = Settings(open_directory=False)

CAPACITY = 3
MEMBERS = ("ann", "ben")
Data = dict[str, tuple[str, str]]


async def team(data: Data) -> None:
    assigner = Assigner.create(MemoryStateStore(data), CLOSED)
    for name in MEMBERS:
        profile = MemberProfile(
            name=name, email=f"{name}@x.org", skills=["python"], capacity=CAPACITY
        )
        await assigner.directory.put(name, profile)


def replica(data: Data, crash: int | None = None, lands: bool = False) -> Assigner:
    store = MemoryStateStore(data)
    store.writes_until_crash, store.crash_lands = crash, lands
    return Assigner.create(store, CLOSED)


async def assert_consistent(data: Data) -> None:
    """Assert that each member's count, list and agenda match the assignments' records."""
    assigner = replica(data)
    await assigner.ledger.release("touch:assign")
    records = {
        key.removeprefix("assignment:"): AssignmentRecord.model_validate_json(value)
        for key, (value, _) in data.items()
        if key.startswith("assignment:")
    }
    for name in MEMBERS:
        held = [
            key
            for key, record in records.items()
            if record.member_id == name and record.status is AssignmentStatus.HELD
        ]
        member = await assigner.directory.find(name)
        settled = member.settled({key: records.get(key) for key in member.open})
        assert settled.held == len(held) <= CAPACITY
        page = await assigner.ledger.assignments_of(name, None, 200)
        listed = [a.key for a in page.items if a.status is AssignmentStatus.HELD]
        assert sorted(listed) == sorted(held)
        agenda = await assigner.agendas.read(name, 200, datetime.now(UTC))
        assert sorted(item.key for item in agenda.items) == sorted(held)
        assert agenda.complete


REQUESTS = [
    AssignmentRequest(title="t", assignee="ann"),
    AssignmentRequest(title="t", skills=["python"]),
]


@pytest.mark.parametrize("lands", [True, False])
@pytest.mark.parametrize("crash", range(4))
@pytest.mark.parametrize("request_", REQUESTS, ids=["named", "by skills"])
async def test_a_crashed_assignment_is_resumed(
    request_: AssignmentRequest, crash: int, lands: bool
) -> None:
    data: Data = {}
    await team(data)
    with contextlib.suppress(StoreUnavailable):
        await replica(data, crash, lands).ledger.assign("t:assign", request_)
    again = await replica(data).ledger.assign("t:assign", request_)
    assert again.status is AssignmentStatus.HELD
    await assert_consistent(data)


@pytest.mark.parametrize("lands", [True, False])
@pytest.mark.parametrize("crash", range(3))
async def test_a_crashed_release_is_resumed(crash: int, lands: bool) -> None:
    data: Data = {}
    await team(data)
    await replica(data).ledger.assign("t:assign", REQUESTS[0])
    with contextlib.suppress(StoreUnavailable):
        await replica(data, crash, lands).ledger.release("t:assign")
    await replica(data).ledger.release("t:assign")
    assert (await replica(data).ledger.assignment("t:assign")).status is AssignmentStatus.RELEASED
    await assert_consistent(data)


@pytest.mark.parametrize("lands", [True, False])
@pytest.mark.parametrize("crash", range(4))
async def test_a_crashed_assignment_can_be_released(crash: int, lands: bool) -> None:
    data: Data = {}
    await team(data)
    with contextlib.suppress(StoreUnavailable):
        await replica(data, crash, lands).ledger.assign("t:assign", REQUESTS[1])
    await replica(data).ledger.release("t:assign")
    with pytest.raises(ProblemError):
        await replica(data).ledger.assign("t:assign", REQUESTS[1])
    await assert_consistent(data)


OPERATION = st.tuples(
    st.sampled_from(["assign", "release"]),
    st.sampled_from(["a", "b", "c", "d", "e"]),
    st.sampled_from([0, 1]),
    st.one_of(st.none(), st.integers(0, 4)),
    st.booleans(),
)


@settings(max_examples=150)
@given(st.lists(st.lists(OPERATION, min_size=1, max_size=4), min_size=1, max_size=6))
def test_counts_are_consistent_after_concurrent_operations_and_crashes(
    rounds: list[list[tuple[str, str, int, int | None, bool]]],
) -> None:
    async def operate(
        data: Data, kind: str, key: str, which: int, crash: int | None, lands: bool
    ) -> None:
        ledger = replica(data, crash, lands).ledger
        try:
            if kind == "assign":
                await ledger.assign(f"{key}:assign", REQUESTS[which])
            else:
                await ledger.release(f"{key}:assign")
        except (ProblemError, StoreUnavailable):
            pass

    async def story() -> None:
        data: Data = {}
        await team(data)
        for at_once in rounds:
            await asyncio.gather(
                *(operate(data, *operation) for operation in at_once),
                # An index that is written in between stays correct.
                *(replica(data).agendas.read(name, 200, datetime.now(UTC)) for name in MEMBERS),
            )
        # What crashed is repeated to its end, as a workflow would.
        for kind, key, which, _, _ in [o for at_once in rounds for o in at_once]:
            await operate(data, kind, key, which, None, False)
        await assert_consistent(data)

    asyncio.run(story())
