"""A start holds over crashes, races and removals: what is compared is its record."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import BaseModel
from unit_support.startable import ID, OTHER, TASK, Replica, refused

from contracts.problems import ProblemType
from orchestrator.engine.start_records import RecordTimes, fingerprint
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.workflows.task.workflow import DEFINITION
from servicekit.problems import ProblemError
from servicekit.state import StoreUnavailable

SHORT = 0.01
"""The time-out of a start that hangs, in seconds."""


async def test_a_start_writes_its_record_twice_and_reads_little() -> None:
    replica = Replica()
    assert await replica.engine.start(DEFINITION, TASK)
    assert (replica.store.calls["write"], replica.store.calls["read"]) == (2, 2)
    record = await replica.records.find(ID)
    assert record is not None
    assert (record.workflow, record.life, record.begun) == (DEFINITION.workflow_name, 1, True)
    assert replica.store.ttls[f"start:{ID}"] == timedelta(days=120)
    assert "alice" not in replica.store.data[f"start:{ID}"][0]


async def test_the_first_life_starts_with_the_request_alone() -> None:
    replica = Replica()
    await replica.engine.start(DEFINITION, TASK)
    assert replica.dapr.starts == [(ID, TASK.model_dump(mode="json"))]


async def test_an_id_that_the_system_derives_is_started_instead_of_the_request_s() -> None:
    replica = Replica()
    assert await replica.engine.start(DEFINITION, TASK, "task-s:1")
    assert not await replica.engine.start(DEFINITION, TASK, "task-s:1")
    assert [instance for instance, _ in replica.dapr.starts] == ["task-s:1"]


@pytest.mark.parametrize("ended", [False, True])
async def test_a_repeat_starts_nothing_and_another_request_is_refused(ended: bool) -> None:
    replica = Replica()
    await replica.engine.start(DEFINITION, TASK)
    if ended:
        replica.dapr.end(ID)
    assert not await replica.engine.start(DEFINITION, TASK)
    assert await refused(replica, OTHER) is ProblemType.INSTANCE_EXISTS
    assert len(replica.dapr.starts) == 1


async def test_what_was_accepted_and_has_not_begun_is_pending_and_may_be_repeated() -> None:
    replica = Replica(start_timeout=SHORT)
    replica.dapr.hangs = True
    assert await refused(replica) is ProblemType.UNAVAILABLE
    assert not await replica.engine.start(DEFINITION, TASK)
    assert await refused(replica, OTHER) is ProblemType.INSTANCE_EXISTS
    assert len(replica.dapr.starts) == 1
    status = await replica.engine.status(ID, DEFINITION)
    assert status.status is RuntimeStatus.PENDING
    assert (await replica.engine.state(ID)).name == DEFINITION.workflow_name


async def test_a_repeat_of_what_stays_pending_makes_another_wake_up() -> None:
    # Accepted longer ago than a start may take.
    replica = Replica(start_timeout=SHORT, now=lambda: datetime.now(UTC) - timedelta(minutes=1))
    replica.dapr.hangs = True
    await refused(replica)
    assert not await replica.engine.start(DEFINITION, TASK)
    assert [event for _, event, _ in replica.client.raised] == ["taskway.wake_up"]


async def test_what_never_reached_the_engine_is_pending_and_a_repeat_asks_again() -> None:
    replica = Replica()
    replica.dapr.down = True
    assert await refused(replica) is ProblemType.UNAVAILABLE
    assert (await replica.engine.status(ID, DEFINITION)).status is RuntimeStatus.PENDING
    assert await refused(replica, OTHER) is ProblemType.INSTANCE_EXISTS
    replica.dapr.down = False
    # Of that request it is not the first call, but it is the one that started it.
    assert not await replica.other().engine.start(DEFINITION, TASK)
    assert [instance for instance, _ in replica.dapr.starts] == [ID]
    assert (await replica.engine.status(ID, DEFINITION)).status is RuntimeStatus.RUNNING


@pytest.mark.parametrize("lands", [False, True])
@pytest.mark.parametrize("write", [0, 1])
async def test_a_start_can_be_repeated_whichever_write_fails(write: int, lands: bool) -> None:
    replica = Replica()
    replica.store.writes_until_crash, replica.store.crash_lands = write, lands
    if write == 0:
        with pytest.raises(StoreUnavailable):
            await replica.engine.start(DEFINITION, TASK)
    else:
        # It has begun: that this is not recorded must not make the caller think otherwise.
        assert await replica.engine.start(DEFINITION, TASK)
    again = replica.other()
    assert await again.engine.start(DEFINITION, TASK) is (write == 0 and not lands)
    assert len(replica.dapr.starts) == 1
    record = await again.records.find(ID)
    assert record is not None
    assert record.begun
    assert await refused(again, OTHER) is ProblemType.INSTANCE_EXISTS


async def test_of_different_requests_of_two_replicas_exactly_one_wins() -> None:
    first = Replica()
    second = first.other()
    requests = [TASK.model_copy(update={"title": f"T{i}"}) for i in range(12)]
    replicas = [first, second] * 6
    results = await asyncio.gather(
        *(r.engine.start(DEFINITION, t) for r, t in zip(replicas, requests, strict=True)),
        return_exceptions=True,
    )
    assert [result for result in results if not isinstance(result, ProblemError)] == [True]
    problems = {result.type for result in results if isinstance(result, ProblemError)}
    assert problems == {ProblemType.INSTANCE_EXISTS}
    assert len(first.dapr.starts) == 1


async def test_of_equal_requests_of_two_replicas_one_is_the_first() -> None:
    first = Replica()
    second = first.other()
    results = await asyncio.gather(
        *(r.engine.start(DEFINITION, TASK) for r in [first, second] * 15)
    )
    assert sorted(results) == [False] * 29 + [True]
    assert len(first.dapr.starts) == 1


async def test_an_instance_without_a_record_is_compared_by_its_input_and_gets_one() -> None:
    old, new = Replica(), Replica()
    await old.engine.start(DEFINITION, TASK)
    new.dapr.instances = old.dapr.instances
    assert await refused(new, OTHER) is ProblemType.INSTANCE_EXISTS
    record = await new.records.find(ID)
    assert record is not None
    assert record.begun
    assert not await new.engine.start(DEFINITION, TASK)
    assert new.dapr.starts == []


async def test_a_record_that_was_written_over_an_unrecorded_instance_is_corrected() -> None:
    old, new = Replica(), Replica()
    await old.engine.start(DEFINITION, TASK)
    # A process ended between its record and the comparison.
    await new.records.claim(ID, new.records.new(DEFINITION.workflow_name, OTHER))
    new.dapr.instances = old.dapr.instances
    assert not await new.engine.start(DEFINITION, TASK)
    assert await refused(new, OTHER) is ProblemType.INSTANCE_EXISTS


async def test_what_retention_removed_stays_used_until_its_record_expires() -> None:
    replica = Replica()
    await replica.engine.start(DEFINITION, TASK)
    replica.dapr.end(ID)
    replica.dapr.remove(ID)
    for request in (TASK, OTHER):
        assert await refused(replica, request) is ProblemType.INSTANCE_GONE
    with pytest.raises(ProblemError) as error:
        await replica.engine.state(ID)
    assert error.value.type is ProblemType.INSTANCE_GONE
    replica.store.pass_time(timedelta(days=121))
    assert await replica.engine.start(DEFINITION, OTHER)


async def test_what_ran_unrecorded_and_was_removed_is_not_started_again() -> None:
    replica = Replica(times=RecordTimes(repeat_within=timedelta(0)))
    replica.store.writes_until_crash = 1
    await replica.engine.start(DEFINITION, TASK)
    record = await replica.records.find(ID)
    assert record is not None
    assert not record.begun
    replica.dapr.remove(ID)
    assert await refused(replica) is ProblemType.INSTANCE_GONE


@pytest.mark.parametrize("late", [timedelta(0), timedelta(microseconds=1)])
async def test_a_start_that_never_reached_the_engine_can_be_repeated_for_a_day(
    late: timedelta,
) -> None:
    accepted = datetime(2026, 1, 1, tzinfo=UTC)
    now = accepted
    replica = Replica(now=lambda: now)
    replica.dapr.down = True
    await refused(replica)
    replica.dapr.down = False
    now = accepted + timedelta(days=1) + late
    if late:
        assert await refused(replica) is ProblemType.INSTANCE_GONE
    else:
        assert not await replica.engine.start(DEFINITION, TASK)
    assert len(replica.dapr.starts) == (0 if late else 1)


async def test_an_id_was_used_once_it_was_started_and_stays_so_after_a_purge() -> None:
    replica = Replica()
    assert not await replica.engine.was_used(ID)
    await replica.engine.start(DEFINITION, TASK)
    assert await replica.engine.was_used(ID)
    await replica.records.record_purge(ID, "olga")
    # The record may expire before the tombstone.
    del replica.store.data[f"start:{ID}"]
    assert await replica.engine.was_used(ID)


def test_a_fingerprint_is_of_what_a_request_says_and_not_of_how() -> None:
    class Earlier(BaseModel):
        """A request of an earlier release."""

        facts: dict[str, int]

    class Later(Earlier):
        """The same with a field that was added since."""

        note: str = ""

    first = fingerprint(Earlier(facts={"a": 1, "b": 2}))
    assert fingerprint(Earlier(facts={"b": 2, "a": 1})) == first
    assert fingerprint(Later(facts={"a": 1, "b": 2})) == first
    assert fingerprint(Later(facts={"a": 1, "b": 2}, note="x")) != first
    assert fingerprint(Earlier(facts={"a": 1, "b": 3})) != first
