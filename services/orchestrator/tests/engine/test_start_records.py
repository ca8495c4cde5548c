"""A start holds over crashes, races and removals: what is compared is its record."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import BaseModel
from unit_support.startable import Replica

from contracts.problems import ProblemType
from orchestrator.engine.start_records import RecordTimes, fingerprint
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.toolkit.lives import FIELD
from orchestrator.workflows.monitor.models import MonitorRequest
from orchestrator.workflows.monitor.workflow import DEFINITION as MONITOR
from orchestrator.workflows.task.models import TaskRequest
from orchestrator.workflows.task.workflow import DEFINITION
from servicekit.problems import ProblemError
from servicekit.state import StoreUnavailable

TASK = TaskRequest(task_id="1", title="T", assignee="alice")
OTHER = TASK.model_copy(update={"title": "U"})
ID = "task-1"
SHORT = 0.01
"""The time-out of a start that hangs, in seconds."""


async def refused(replica: Replica, request: TaskRequest = TASK) -> ProblemType:
    with pytest.raises(ProblemError) as error:
        await replica.engine.start(DEFINITION, request)
    return error.value.type


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


async def test_a_purge_frees_the_id_for_another_life() -> None:
    replica = Replica()
    await replica.engine.start(DEFINITION, TASK)
    for life in (2, 3):
        replica.dapr.end(ID)
        await replica.records.record_purge(ID, "olga", life - 1)
        # The engine still has it: it was not purged yet.
        assert not await replica.engine.start(DEFINITION, TASK if life == 2 else OTHER)
        replica.dapr.remove(ID)
        with pytest.raises(ProblemError) as error:
            await replica.engine.state(ID)
        assert (error.value.type, error.value.detail) == (
            ProblemType.INSTANCE_GONE,
            f"{ID} was purged",
        )
        assert await replica.engine.start(DEFINITION, OTHER)
        assert not await replica.engine.start(DEFINITION, OTHER)
        assert await refused(replica) is ProblemType.INSTANCE_EXISTS
        assert replica.dapr.starts[-1] == (ID, OTHER.model_dump(mode="json") | {FIELD: life})
        assert (await replica.engine.status(ID, DEFINITION)).status is RuntimeStatus.RUNNING


async def test_a_life_that_did_not_reach_the_engine_is_repeated_and_is_not_another() -> None:
    replica = Replica()
    await replica.engine.start(DEFINITION, TASK)
    await replica.records.record_purge(ID, "olga")
    replica.dapr.remove(ID)
    replica.dapr.down = True
    assert await refused(replica) is ProblemType.UNAVAILABLE
    assert (await replica.engine.state(ID)).status is RuntimeStatus.PENDING
    replica.dapr.down = False
    assert not await replica.engine.start(DEFINITION, TASK)
    assert replica.dapr.starts[-1][1][FIELD] == 2


async def test_of_two_replicas_one_begins_the_next_life() -> None:
    first = Replica()
    await first.engine.start(DEFINITION, TASK)
    await first.records.record_purge(ID, "olga")
    first.dapr.remove(ID)
    results = await asyncio.gather(
        first.engine.start(DEFINITION, TASK),
        first.other().engine.start(DEFINITION, OTHER),
        return_exceptions=True,
    )
    assert sum(result is True for result in results) == 1
    [problem] = [result for result in results if isinstance(result, ProblemError)]
    assert problem.type is ProblemType.INSTANCE_EXISTS
    assert len(first.dapr.starts) == 2


async def test_a_later_life_is_begun_once_and_never_replaced_by_an_earlier_one() -> None:
    records = Replica().records
    second = records.new(DEFINITION.workflow_name, TASK).model_copy(update={"life": 2})
    other = records.new(DEFINITION.workflow_name, OTHER).model_copy(update={"life": 2})
    # There need not be a record of the life before: it may have expired.
    assert await records.begin_life(ID, second) == (second, True)
    assert await records.begin_life(ID, other) == (second, False)
    third = other.model_copy(update={"life": 3})
    assert await records.begin_life(ID, third) == (third, True)
    assert await records.begin_life(ID, second) == (third, False)
    assert await records.find(ID) == third


async def test_the_record_of_what_has_begun_is_replaced_by_that_of_a_later_life_alone() -> None:
    records = Replica().records
    first, other = (records.new(DEFINITION.workflow_name, task) for task in (TASK, OTHER))
    begun = await records.mark_begun(ID, first)
    assert begun == first.model_copy(update={"begun": True})
    assert await records.mark_begun(ID, other) == begun
    later = await records.mark_begun(ID, other.model_copy(update={"life": 2}))
    assert (later.life, later.request, later.begun) == (2, other.request, True)
    assert await records.mark_begun(ID, first) == later == await records.find(ID)


async def test_what_retention_removes_of_a_later_life_stays_used() -> None:
    replica = Replica()
    await replica.engine.start(DEFINITION, TASK)
    await replica.records.record_purge(ID, "olga")
    replica.dapr.remove(ID)
    await replica.engine.start(DEFINITION, TASK)
    replica.dapr.remove(ID)
    assert await refused(replica) is ProblemType.INSTANCE_GONE


async def test_an_id_that_was_purged_before_there_were_records_begins_its_second_life() -> None:
    replica = Replica()
    await replica.store.overwrite(f"gone:{ID}", replica.records.new("x", TASK).model_copy())
    replica.store.data[f"gone:{ID}"] = ('{"by": "olga"}', "1")
    assert await replica.engine.start(DEFINITION, TASK)
    assert replica.dapr.starts[-1][1][FIELD] == 2


async def test_an_eternal_instance_between_two_generations_is_pending() -> None:
    replica = Replica()
    request = MonitorRequest(monitor_id="1", url="http://example.com", notify="alice")
    await replica.engine.start(MONITOR, request)
    replica.dapr.instances["monitor-1"] = {"name": "", "status": "PENDING"}
    status = await replica.engine.status("monitor-1", MONITOR)
    assert status.status is RuntimeStatus.PENDING
    assert not await replica.engine.start(MONITOR, request)


async def test_a_nameless_instance_without_a_record_is_not_there_yet() -> None:
    replica = Replica()
    replica.dapr.instances["monitor-1"] = {"name": "", "status": "PENDING"}
    with pytest.raises(ProblemError) as error:
        await replica.engine.state("monitor-1")
    assert error.value.type is ProblemType.UNAVAILABLE


async def test_the_life_of_an_instance_that_cannot_be_read_is_that_of_its_record() -> None:
    replica = Replica()
    await replica.engine.start(DEFINITION, TASK)
    for life in (2, 3):
        await replica.records.record_purge(ID, "olga")
        replica.dapr.remove(ID)
        assert await replica.engine.start(DEFINITION, TASK)
        assert replica.dapr.starts[-1][1][FIELD] == life
