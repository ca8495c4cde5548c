"""A member's agenda shows the open assignments, the most urgent first, at a bounded cost."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime

import pytest

from assigner import agenda
from assigner.bootstrap import Assigner
from assigner.settings import Settings
from contracts.assigner import Agenda, AssignmentRequest
from contracts.fields import Priority
from contracts.problems import ProblemType
from servicekit.problems import ProblemError
from servicekit.state import Model, StoreUnavailable, Versioned
from servicekit.testing import MemoryStateStore

CLOSED = Settings(open_directory=False)

NOW = datetime(2030, 1, 15, tzinfo=UTC)


async def assign(
    assigner: Assigner, key: str, priority: str | None = None, due: str | None = None
) -> None:
    request = {"title": f"Title of {key}", "assignee": "alice", "priority": priority, "due": due}
    await assigner.ledger.assign(key, AssignmentRequest.model_validate(request))


async def read(assigner: Assigner, limit: int = 100, member: str = "alice") -> Agenda:
    return await assigner.agendas.read(member, limit, NOW)


async def keys(assigner: Assigner) -> list[str]:
    return [item.key for item in (await read(assigner)).items]


async def test_it_is_sorted_by_due_date_then_priority_then_time(assigner: Assigner) -> None:
    await assign(assigner, "plain")
    await assign(assigner, "low", "low")
    await assign(assigner, "urgent", "urgent")
    await assign(assigner, "high", "high")
    await assign(assigner, "second-plain")
    await assign(assigner, "normal", "normal")
    await assign(assigner, "tomorrow", "low", "2030-01-16T00:00:00Z")
    await assign(assigner, "today-low", "low", "2030-01-15T08:00:00Z")
    await assign(assigner, "today-urgent", "urgent", "2030-01-15T10:00:00+02:00")
    await assign(assigner, "overdue", "low", "2030-01-14T23:59:59Z")
    assert await keys(assigner) == [
        "overdue",
        "today-urgent",
        "today-low",
        "tomorrow",
        "urgent",
        "high",
        "plain",
        "second-plain",
        "normal",
        "low",
    ]


async def test_an_item_has_priority_due_date_and_whether_it_is_overdue(assigner: Assigner) -> None:
    await assign(assigner, "late", "high", "2030-01-15T00:00:00+01:00")
    await assign(assigner, "in-time", None, "2030-01-15T00:00:00Z")
    await assign(assigner, "whenever")
    page = await read(assigner)
    assert (page.member_id, page.held, page.complete) == ("alice", 3, True)
    late, in_time, whenever = page.items
    assert late.title == "Title of late"
    assert (late.priority, late.overdue) == (Priority.HIGH, True)
    assert late.due == datetime(2030, 1, 14, 23, tzinfo=UTC)
    assert (in_time.priority, in_time.overdue) == (Priority.NORMAL, False)
    assert (whenever.due, whenever.overdue) == (None, False)
    assert whenever.assigned_at > datetime(2020, 1, 1, tzinfo=UTC)


async def test_a_released_assignment_leaves_the_agenda(assigner: Assigner) -> None:
    for key in ("a", "b", "c"):
        await assign(assigner, key)
    assert await keys(assigner) == ["a", "b", "c"]
    await assigner.ledger.release("b")
    assert await keys(assigner) == ["a", "c"]
    await assign(assigner, "d", due="2030-01-15T00:00:00Z")
    assert await keys(assigner) == ["d", "a", "c"]


async def test_at_most_as_many_as_the_limit_are_returned(assigner: Assigner) -> None:
    for n in range(5):
        await assign(assigner, f"{n}", due=f"2030-01-{20 - n}T00:00:00Z")
    page = await read(assigner, limit=2)
    assert [item.key for item in page.items] == ["4", "3"]
    assert (page.held, page.complete) == (5, True)


async def test_an_unknown_member_is_not_found(assigner: Assigner) -> None:
    with pytest.raises(ProblemError) as error:
        await read(assigner, member="nobody")
    assert error.value.type is ProblemType.UNKNOWN_MEMBER


async def test_a_member_without_assignments_has_an_empty_agenda(
    assigner: Assigner,
) -> None:
    page = await read(assigner, member="alice@example.com")
    assert (page.member_id, page.held, page.items, page.complete) == ("alice", 0, [], True)


async def test_a_history_that_was_read_costs_nothing_more(
    assigner: Assigner, store: MemoryStateStore
) -> None:
    async def cost() -> Counter[str]:
        before = store.calls.copy()
        await read(assigner)
        return store.calls - before

    await assign(assigner, "first")
    await read(assigner)
    early = await cost()
    for n in range(500):
        await assign(assigner, f"{n}")
        await assigner.ledger.release(f"{n}")
    assert await keys(assigner) == ["first"]
    assert await cost() == early


async def test_a_long_history_is_read_by_several_requests(
    assigner: Assigner, store: MemoryStateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agenda, "PAGE", 4)
    monkeypatch.setattr(agenda, "MAX_SEARCHED", 10)
    for n in range(25):
        await assign(assigner, f"{n:02}")
    for n in range(24):
        await assigner.ledger.release(f"{n:02}")
    found = []
    for _ in range(4):
        page = await read(Assigner.create(MemoryStateStore(store.data), CLOSED))
        found.append(([item.key for item in page.items], page.complete))
    assert found == [([], False), ([], False), (["24"], True), (["24"], True)]


async def test_of_too_many_open_assignments_the_oldest_are_sorted(
    assigner: Assigner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agenda, "PAGE", 3)
    monkeypatch.setattr(agenda, "MAX_SORTED", 6)
    for n in range(10):
        await assign(assigner, f"{n}")
    for _ in range(2):
        page = await read(assigner)
        assert [item.key for item in page.items] == list("012345")
        assert (page.held, page.complete) == (10, False)
    for n in range(4):
        await assigner.ledger.release(f"{n}")
    # The first read drops the four from the index, and the second reads the rest.
    await read(assigner)
    page = await read(assigner)
    assert [item.key for item in page.items] == list("456789")
    assert page.complete


async def test_concurrent_readers_get_the_same_agenda(
    assigner: Assigner, store: MemoryStateStore
) -> None:
    for n in range(20):
        await assign(assigner, f"{n:02}")
    replicas = [Assigner.create(MemoryStateStore(store.data), CLOSED) for _ in range(5)]
    expected = [f"{n:02}" for n in range(20)]
    assert await asyncio.gather(*(keys(replica) for replica in replicas)) == [expected] * 5
    assert await keys(assigner) == expected


@pytest.mark.parametrize("read_after", range(12))
async def test_an_assignment_concurrent_to_a_read_is_not_missed(
    store: MemoryStateStore, assigner: Assigner, read_after: int
) -> None:
    async def read_later() -> None:
        # One step of the store after another: between any two writes of the assignment.
        for _ in range(read_after):
            await asyncio.sleep(0)
        await read(Assigner.create(MemoryStateStore(store.data), CLOSED))

    await asyncio.gather(assign(assigner, "new"), read_later())
    assert await keys(assigner) == ["new"]


class InterruptedStore(MemoryStateStore):
    """A store in which others act once, right after the first read of a member."""

    def __init__(
        self, data: dict[str, tuple[str, str]], act: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__(data)
        self._act: Callable[[], Awaitable[None]] | None = act

    async def get_many(
        self, keys: Iterable[str], model: type[Model]
    ) -> dict[str, Versioned[Model]]:
        wanted = list(keys)
        found = await super().get_many(wanted, model)
        if wanted == ["member:alice"] and self._act is not None:
            act, self._act = self._act, None
            await act()
        return found


async def test_an_index_that_is_newer_than_the_member_that_was_read_stays_correct(
    store: MemoryStateStore, assigner: Assigner
) -> None:
    async def reserve_and_index() -> None:
        crashing = MemoryStateStore(store.data)
        # The number is reserved in the member's record, and no assignment is made yet.
        crashing.writes_until_crash = 1
        with pytest.raises(StoreUnavailable):
            await assign(Assigner.create(crashing, CLOSED), "new")
        await read(assigner)

    slow = Assigner.create(InterruptedStore(store.data, reserve_and_index), CLOSED)
    assert (await read(slow)).complete
    await assign(assigner, "new")
    assert await keys(assigner) == ["new"]
