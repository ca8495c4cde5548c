"""Each task is assigned once, to a member who can take it."""

import asyncio
import json
from collections import Counter
from datetime import datetime

import pytest

from assigner.bootstrap import Assigner
from assigner.settings import Settings
from contracts.assigner import AssignmentRequest, AssignmentStatus, MemberProfile
from contracts.fields import Priority
from contracts.problems import ProblemType
from servicekit.problems import ProblemError
from servicekit.testing import MemoryStateStore

OPEN = Settings(open_directory=True)

CLOSED = Settings(open_directory=False)

DUE = "2030-01-31T17:00:00+01:00"


def to(assignee: str, title: str = "Review") -> AssignmentRequest:
    return AssignmentRequest(title=title, assignee=assignee)


def needing(*skills: str) -> AssignmentRequest:
    return AssignmentRequest(title="Review", skills=list(skills))


async def add(assigner: Assigner, name: str, **profile: object) -> None:
    await assigner.directory.put(
        name, MemberProfile.model_validate({"name": name, "email": f"{name}@x.org", **profile})
    )


async def held(assigner: Assigner, name: str) -> int:
    return (await assigner.directory.find(name)).held


@pytest.mark.parametrize("name", ["alice", "Alice@Example.com", " alice@example.com "])
async def test_a_member_is_found_by_id_or_e_mail_address(assigner: Assigner, name: str) -> None:
    assignment = await assigner.ledger.assign("t:assign", to(name))
    assert (assignment.member_id, assignment.email) == ("alice", "alice@example.com")
    assert assignment.status is AssignmentStatus.HELD
    assert await held(assigner, "alice") == 1


async def test_a_repeat_returns_the_first_answer(assigner: Assigner) -> None:
    first = await assigner.ledger.assign("t:assign", needing("python"))
    assert await assigner.ledger.assign("t:assign", needing("python")) == first
    assert await held(assigner, first.member_id) == 1


async def test_a_repeat_by_a_former_e_mail_address_returns_the_first_answer(
    assigner: Assigner,
) -> None:
    first = await assigner.ledger.assign("t:assign", to("alice@example.com"))
    await add(assigner, "alice", email="alice@elsewhere.org")
    assert await assigner.ledger.assign("t:assign", to("alice@example.com")) == first
    with pytest.raises(ProblemError):
        await assigner.directory.find("alice@example.com")


async def test_a_different_request_with_the_same_key_is_a_conflict(assigner: Assigner) -> None:
    await assigner.ledger.assign("t:assign", to("alice"))
    with pytest.raises(ProblemError) as error:
        await assigner.ledger.assign("t:assign", to("alice", title="Another"))
    assert error.value.type is ProblemType.KEY_REUSED


async def test_an_unknown_e_mail_address_is_added_to_an_open_directory(assigner: Assigner) -> None:
    assignment = await assigner.ledger.assign("t:assign", to("Zoe@example.org"))
    assert assignment.member_id == assignment.email == "zoe@example.org"


@pytest.mark.parametrize(
    "other",
    [{"priority": "high"}, {"priority": "low", "due": DUE}, {"due": "2030-01-31T16:00:01Z"}, {}],
)
async def test_a_repeat_with_another_priority_or_due_date_is_a_conflict(
    assigner: Assigner, other: dict[str, str]
) -> None:
    def request(**more: str) -> AssignmentRequest:
        return AssignmentRequest.model_validate({"title": "T", "assignee": "alice", **more})

    first = await assigner.ledger.assign("t:assign", request(priority="high", due=DUE))
    assert (first.priority, first.due) == (Priority.HIGH, datetime.fromisoformat(DUE))
    # The same time by another offset is the same request.
    same = request(priority="high", due="2030-01-31T16:00:00Z")
    assert await assigner.ledger.assign("t:assign", same) == first
    with pytest.raises(ProblemError) as error:
        await assigner.ledger.assign("t:assign", request(**other))
    assert error.value.type is ProblemType.KEY_REUSED


async def test_a_repeat_matches_a_record_without_priority_and_due_date(
    assigner: Assigner, store: MemoryStateStore
) -> None:
    first = await assigner.ledger.assign("t:assign", to("alice"))
    record = json.loads(store.data["assignment:t:assign"][0])
    # What is not given is not stored: the record is the same as before there were such fields.
    assert record["request"] == {"title": "Review", "assignee": "alice", "skills": []}
    assert await assigner.ledger.assign("t:assign", to("alice")) == first
    with pytest.raises(ProblemError):
        await assigner.ledger.assign(
            "t:assign", to("alice").model_copy(update={"priority": Priority.LOW})
        )


@pytest.mark.parametrize("replicas", [1, 3])
async def test_concurrent_tasks_add_an_unknown_member_once(
    store: MemoryStateStore, replicas: int
) -> None:
    team = [Assigner.create(MemoryStateStore(store.data), OPEN) for _ in range(replicas)]

    async def assign(n: int) -> None:
        # Each comes one step of the store later than the one before: between any two writes.
        for _ in range(n):
            await asyncio.sleep(0)
        await team[n % replicas].ledger.assign(f"{n}:assign", to("zoe@x.org"))

    await asyncio.gather(*(assign(n) for n in range(30)))
    assert await held(team[0], "zoe@x.org") == 30
    members = (await team[0].directory.page(None, 50)).items
    assert [member.id for member in members] == ["zoe@x.org"]


@pytest.mark.parametrize("name", ["zoe@example.org", "zoe", "||", "no such@one"])
async def test_a_closed_directory_rejects_unknown_assignees(
    store: MemoryStateStore, name: str
) -> None:
    closed = Assigner.create(store, CLOSED)
    with pytest.raises(ProblemError) as error:
        await closed.ledger.assign("t:assign", to(name))
    assert error.value.type is ProblemType.UNKNOWN_MEMBER
    assert not store.data


async def test_a_member_who_is_away_or_at_capacity_is_rejected(assigner: Assigner) -> None:
    with pytest.raises(ProblemError) as error:
        await assigner.ledger.assign("t:assign", to("emil"))
    assert error.value.type is ProblemType.MEMBER_AWAY
    await add(assigner, "full", capacity=0)
    with pytest.raises(ProblemError) as error:
        await assigner.ledger.assign("t:assign", to("full"))
    assert error.value.type is ProblemType.MEMBER_FULL


async def test_a_task_goes_to_the_least_loaded_member_with_the_skills(assigner: Assigner) -> None:
    people = [
        (await assigner.ledger.assign(f"{n}:assign", needing("python", "review"))).member_id
        for n in range(6)
    ]
    assert Counter(people) == {"alice": 3, "bob": 3}


async def test_concurrent_tasks_are_spread_evenly(assigner: Assigner) -> None:
    made = await asyncio.gather(
        *(assigner.ledger.assign(f"{n}:assign", needing("python")) for n in range(20))
    )
    assert Counter(a.member_id for a in made) == {"alice": 10, "bob": 10}


async def test_a_task_whose_skills_no_member_has_is_rejected(assigner: Assigner) -> None:
    with pytest.raises(ProblemError) as error:
        await assigner.ledger.assign("t:assign", needing("python", "cobol"))
    assert error.value.type is ProblemType.NO_MEMBER_AVAILABLE


async def test_a_release_frees_capacity_and_is_idempotent(assigner: Assigner) -> None:
    await add(assigner, "one", capacity=1)
    await assigner.ledger.assign("a:assign", to("one"))
    for _ in range(3):
        await assigner.ledger.release("a:assign")
    assert (await assigner.ledger.assignment("a:assign")).status is AssignmentStatus.RELEASED
    assert (await assigner.ledger.assign("b:assign", to("one"))).member_id == "one"
    assert await held(assigner, "one") == 1


async def test_concurrent_releases_of_a_key_free_its_capacity_once(assigner: Assigner) -> None:
    for key in ("a:assign", "b:assign"):
        await assigner.ledger.assign(key, to("alice"))
    await asyncio.gather(*(assigner.ledger.release("a:assign") for _ in range(3)))
    assert await held(assigner, "alice") == 1
    await assigner.ledger.assign("c:assign", to("alice"))
    assert await held(assigner, "alice") == 2


@pytest.mark.parametrize("made_before", [True, False])
async def test_a_released_key_is_never_assigned_again(
    assigner: Assigner, made_before: bool
) -> None:
    if made_before:
        await assigner.ledger.assign("t:assign", to("alice"))
    await assigner.ledger.release("t:assign")
    with pytest.raises(ProblemError) as error:
        await assigner.ledger.assign("t:assign", to("alice"))
    assert error.value.type is ProblemType.ASSIGNMENT_RELEASED
    assert await held(assigner, "alice") == 0


async def test_a_release_without_an_assignment_is_not_listed(assigner: Assigner) -> None:
    await assigner.ledger.release("t:assign")
    with pytest.raises(ProblemError) as error:
        await assigner.ledger.assignment("t:assign")
    assert error.value.type is ProblemType.NOT_FOUND


@pytest.mark.parametrize("replicas", [1, 3])
async def test_concurrent_tasks_do_not_exceed_the_capacity(
    store: MemoryStateStore, replicas: int
) -> None:
    team = [Assigner.create(MemoryStateStore(store.data), CLOSED) for _ in range(replicas)]
    await add(team[0], "ten", capacity=10)
    results = await asyncio.gather(
        *(team[n % replicas].ledger.assign(f"{n}:assign", to("ten")) for n in range(50)),
        return_exceptions=True,
    )
    refused = [r.type for r in results if isinstance(r, ProblemError)]
    assert refused == [ProblemType.MEMBER_FULL] * 40
    assert await held(team[0], "ten") == 10
    page = await team[0].ledger.assignments_of("ten", None, 200)
    assert len([a for a in page.items if a.status is AssignmentStatus.HELD]) == 10


async def test_one_replica_causes_no_write_conflicts(
    assigner: Assigner, store: MemoryStateStore
) -> None:
    await asyncio.gather(*(assigner.ledger.assign(f"{n}:assign", to("bob")) for n in range(32)))
    assert store.calls["conflict"] == 0


async def test_assigning_has_a_constant_cost(assigner: Assigner, store: MemoryStateStore) -> None:
    async def cost(key: str) -> tuple[Counter[str], int]:
        before = store.calls.copy()
        await assigner.ledger.assign(key, to("alice"))
        return store.calls - before, max(len(value) for value, _ in store.data.values())

    await assigner.ledger.assign("first:assign", to("alice"))
    early = await cost("early:assign")
    for n in range(500):
        await assigner.ledger.assign(f"{n:03}:assign", to("alice"))
    calls, largest = await cost("late1:assign")
    assert calls == early[0]
    assert largest <= early[1] + 20


async def test_assignments_are_listed_newest_first_by_page(assigner: Assigner) -> None:
    for n in range(5):
        await assigner.ledger.assign(f"{n}:assign", to("alice"))
    first = await assigner.ledger.assignments_of("alice@example.com", None, 3)
    rest = await assigner.ledger.assignments_of("alice", first.next, 3)
    keys = [a.key for a in first.items + rest.items]
    assert keys == [f"{n}:assign" for n in (4, 3, 2, 1, 0)]
    assert rest.next is None
