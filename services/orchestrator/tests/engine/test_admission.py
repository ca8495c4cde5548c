"""While nothing new is admitted, repeats are answered and new starts are refused."""

import pytest
from unit_support.engine import FakeChannel, found, management, raw_state
from unit_support.untraced import NO_TRACE_CONTEXTS

from contracts.problems import ProblemType
from orchestrator.dapr_sdk.private import protos
from orchestrator.engine.client import Engine
from orchestrator.engine.start_records import StartRecords
from orchestrator.storage.fill import Fill
from orchestrator.storage.guard import StoreGuard
from orchestrator.workflows.task.models import TaskRequest
from orchestrator.workflows.task.workflow import DEFINITION
from servicekit.problems import ProblemError
from servicekit.testing import MemoryStateStore

TASK = TaskRequest(task_id="1", title="T", assignee="alice")


class Store:
    """A store that is full, or not."""

    full = False

    async def read(self) -> Fill:
        return Fill("store", 90 if self.full else 10, 100)


async def test_a_start_is_refused_a_repeat_is_not_and_the_id_stays_free() -> None:
    fill, records = Store(), StartRecords(MemoryStateStore())
    guard = StoreGuard([fill])
    running = found(raw_state(request=TASK))
    answers = [found(None), running]
    channel = FakeChannel(
        GetInstance=answers, StartInstance=[protos.CreateInstanceResponse(instanceId="task-1")]
    )
    engine = Engine(
        None,  # type: ignore[arg-type] - no events
        management(channel),
        1.0,
        NO_TRACE_CONTEXTS,
        records,
        admit=guard.admit,
    )
    fill.full = True
    await guard.measure()
    with pytest.raises(ProblemError) as error:
        await engine.start(DEFINITION, TASK.model_copy(update={"title": "Another"}))
    assert error.value.type is ProblemType.UNAVAILABLE
    assert channel.requests["StartInstance"] == []

    fill.full = False
    await guard.measure()
    assert await engine.start(DEFINITION, TASK)

    fill.full = True
    await guard.measure()
    assert not await engine.start(DEFINITION, TASK)
    assert len(channel.requests["StartInstance"]) == 1
