"""Each life of an id begins once; what removed the life before says whether there is another."""

import asyncio

import pytest
from unit_support.startable import ID, OTHER, TASK, Replica, refused

from contracts.problems import ProblemType
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.toolkit.lives import FIELD
from orchestrator.workflows.monitor.models import MonitorRequest
from orchestrator.workflows.monitor.workflow import DEFINITION as MONITOR
from orchestrator.workflows.task.workflow import DEFINITION
from servicekit.problems import ProblemError


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
