"""The record of an instance that lasts is kept for as long as the engine has it, and longer."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError
from unit_support.startable import Replica

from contracts.problems import ProblemType
from orchestrator.engine.record_renewal import RecordRenewal
from orchestrator.settings import Settings
from orchestrator.workflows.task.models import TaskRequest
from orchestrator.workflows.task.workflow import DEFINITION
from servicekit.problems import ProblemError

TASK = TaskRequest(task_id="1", title="T", assignee="alice")
START = datetime(2026, 1, 1, tzinfo=UTC)
SPARE = timedelta(days=30)


async def test_an_id_stays_used_long_after_the_end_of_an_instance_that_lasted() -> None:
    replica, now = Replica(), START
    asked: list[datetime] = []

    def started_before(time: datetime) -> Iterable[str]:
        asked.append(time)
        return ["task-1", "task-of-no-record"] if time > START else []

    renewal = RecordRenewal(replica.records, started_before, SPARE, lambda: now)
    await replica.engine.start(DEFINITION, TASK)
    for _ in range(300):
        now += timedelta(days=1)
        replica.store.pass_time(timedelta(days=1))
        await renewal.renew()
    assert asked[-1] == now - SPARE / 2
    replica.dapr.end("task-1")
    replica.dapr.remove("task-1")
    replica.store.pass_time(timedelta(days=119))
    with pytest.raises(ProblemError) as error:
        await replica.engine.start(DEFINITION, TASK)
    assert error.value.type is ProblemType.INSTANCE_GONE
    assert set(replica.store.data) == {"start:task-1"}


def test_an_id_stays_used_for_longer_than_what_is_stored_under_it() -> None:
    assert Settings().ids_outlive == timedelta(days=30)
    with pytest.raises(ValidationError, match="start_record_days"):
        Settings(start_record_days=90, records_kept_days=90)
