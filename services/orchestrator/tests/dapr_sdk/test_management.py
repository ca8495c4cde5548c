"""How instances and histories are read, torn reads and missing instances included."""

from typing import Any

import grpc
import pytest
from grpc.aio import AioRpcError, Metadata
from unit_support.engine import FakeChannel, found, management, raw_state

from orchestrator.dapr_sdk.private import protos

TORN = AioRpcError(
    grpc.StatusCode.UNKNOWN, Metadata(), Metadata(), "inbox key x declared in metadata but missing"
)
DOWN = AioRpcError(grpc.StatusCode.UNAVAILABLE, Metadata(), Metadata(), "refused")
UNKNOWN = AioRpcError(grpc.StatusCode.UNKNOWN, Metadata(), Metadata(), "no such instance exists")
NOT_FOUND = AioRpcError(grpc.StatusCode.NOT_FOUND, Metadata(), Metadata(), "not found")
EVENTS = protos.GetInstanceHistoryResponse(events=[protos.HistoryEvent(eventId=7)])


async def test_a_torn_read_of_a_state_is_repeated() -> None:
    channel = FakeChannel(GetInstance=[TORN, TORN, found(raw_state())])
    state = await management(channel).get_workflow_state("task-1", payloads=True)
    assert state is not None
    assert state.instance_id == "task-1"
    assert len(channel.requests["GetInstance"]) == 3


async def test_a_torn_read_of_a_history_is_repeated() -> None:
    channel = FakeChannel(GetInstanceHistory=[TORN, EVENTS])
    assert [e.eventId for e in await management(channel).get_workflow_history("task-1")] == [7]


@pytest.mark.parametrize(("error", "reads"), [(TORN, 5), (DOWN, 1)])
async def test_a_read_that_stays_torn_or_has_no_answer_fails(error: Exception, reads: int) -> None:
    channel = FakeChannel(GetInstance=[error], GetInstanceHistory=[error])
    with pytest.raises(AioRpcError):
        await management(channel).get_workflow_state("task-1", payloads=True)
    with pytest.raises(AioRpcError):
        await management(channel).get_workflow_history("task-1")
    assert {method: len(sent) for method, sent in channel.requests.items()} == {
        "GetInstance": reads,
        "GetInstanceHistory": reads,
    }


@pytest.mark.parametrize("answer", [found(None), UNKNOWN])
async def test_a_missing_instance_has_no_state(answer: Any) -> None:
    channel = FakeChannel(GetInstance=[answer])
    assert await management(channel).get_workflow_state("task-1", payloads=False) is None


async def test_a_missing_instance_has_no_events() -> None:
    channel = FakeChannel(GetInstanceHistory=[NOT_FOUND])
    assert await management(channel).get_workflow_history("task-1") == []
