"""How instances are started and read: what the engine's answers become."""

import json
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from grpc.aio import AioRpcError, Metadata
from unit_support.engine import FakeChannel, found, management, raw_state
from unit_support.untraced import NO_TRACE_CONTEXTS

from contracts.problems import ProblemType
from orchestrator.dapr_sdk.private import protos
from orchestrator.engine.client import Engine
from orchestrator.engine.start_records import StartRecords
from orchestrator.schemas.workflows import Progress, RuntimeStatus
from orchestrator.workflows.task.models import TaskRequest, TaskResult
from orchestrator.workflows.task.workflow import DEFINITION
from servicekit.problems import ProblemError
from servicekit.testing import MemoryStateStore

TASK = TaskRequest(task_id="1", title="T", assignee="alice")
TORN = "inbox key x declared in metadata of y but missing"
STARTED = protos.CreateInstanceResponse(instanceId="task-1")
TASK_RUNNING = raw_state(request=TASK)


def rpc_error(code: grpc.StatusCode, details: str) -> AioRpcError:
    return AioRpcError(code, Metadata(), Metadata(), details)


def sidecar(*reads: Any, start: Any = STARTED) -> FakeChannel:
    """Return a sidecar that answers reads with these states, None for no instance."""
    answers = [read if isinstance(read, Exception) else found(read) for read in reads]
    return FakeChannel(GetInstance=answers, StartInstance=[start])


def engine(channel: FakeChannel) -> Engine:
    return Engine(
        None,  # type: ignore[arg-type] - no events
        management(channel),
        1.0,
        NO_TRACE_CONTEXTS,
        StartRecords(MemoryStateStore()),
    )


def started(channel: FakeChannel) -> list[str]:
    return [request.instanceId for request in channel.requests["StartInstance"]]


async def test_start_schedules_a_new_instance() -> None:
    channel = sidecar(None)
    assert await engine(channel).start(DEFINITION, TASK)
    assert started(channel) == ["task-1"]


async def test_start_with_the_same_request_schedules_nothing() -> None:
    channel = sidecar(TASK_RUNNING)
    assert not await engine(channel).start(DEFINITION, TASK)
    assert started(channel) == []


async def test_start_takes_an_input_stored_before_a_field_was_added_for_the_same_request() -> None:
    older = raw_state(input=json.dumps({"task_id": "1", "title": "T", "assignee": "alice"}))
    assert not await engine(sidecar(older)).start(DEFINITION, TASK)


@pytest.mark.parametrize(
    "existing",
    [
        raw_state(request=TASK.model_copy(update={"title": "U"})),
        raw_state(request=TASK, name="another"),
    ],
)
async def test_start_refuses_another_request_or_workflow_under_the_same_id(existing: Any) -> None:
    with pytest.raises(ProblemError) as error:
        await engine(sidecar(existing)).start(DEFINITION, TASK)
    assert error.value.type is ProblemType.INSTANCE_EXISTS


async def test_start_that_loses_a_race_compares_with_the_winner() -> None:
    taken = rpc_error(grpc.StatusCode.ALREADY_EXISTS, "exists")
    assert not await engine(sidecar(None, TASK_RUNNING, start=taken)).start(DEFINITION, TASK)


async def test_start_reports_an_unavailable_engine_as_retryable() -> None:
    down = rpc_error(grpc.StatusCode.UNAVAILABLE, "refused")
    for channel in (sidecar(down), sidecar(None, start=down)):
        with pytest.raises(ProblemError) as error:
            await engine(channel).start(DEFINITION, TASK)
        assert error.value.type is ProblemType.UNAVAILABLE
        assert error.value.retry_after


async def test_status_repeats_a_torn_read() -> None:
    torn = rpc_error(grpc.StatusCode.UNKNOWN, TORN)
    status = await engine(sidecar(torn, torn, TASK_RUNNING)).status("task-1", DEFINITION)
    assert status.status is RuntimeStatus.RUNNING


async def test_status_reports_a_read_that_stays_torn_as_retryable() -> None:
    channel = sidecar(rpc_error(grpc.StatusCode.UNKNOWN, TORN))
    with pytest.raises(ProblemError) as error:
        await engine(channel).status("task-1", DEFINITION)
    assert error.value.type is ProblemType.UNAVAILABLE
    assert len(channel.requests["GetInstance"]) == 5


async def test_status_of_a_completed_instance_has_its_output() -> None:
    output = {"task_id": "1", "status": "completed", "message": "Done"}
    done = raw_state(
        status="COMPLETED",
        output=json.dumps(output),
        progress=Progress(step="completed", message="Done"),
    )
    status = await engine(sidecar(done)).status("task-1", DEFINITION)
    assert status.output == TaskResult.model_validate(output)
    assert status.custom_status is not None
    assert status.custom_status.step == "completed"
    assert status.created_at == datetime(2026, 1, 1, tzinfo=UTC)


async def test_status_of_a_failed_instance_has_its_error() -> None:
    failed = raw_state(
        status="FAILED",
        output='{"not": "a result"}',
        failureDetails={"errorType": "ValueError", "errorMessage": "broken"},
    )
    status = await engine(sidecar(failed)).status("task-1", DEFINITION)
    assert (status.status, status.output, status.error) == (RuntimeStatus.FAILED, None, "broken")


@pytest.mark.parametrize("state", [None, raw_state(name="another")])
async def test_status_of_a_missing_instance_or_of_another_workflow_is_not_found(state: Any) -> None:
    with pytest.raises(ProblemError) as error:
        await engine(sidecar(state)).status("task-1", DEFINITION)
    assert error.value.type is ProblemType.NOT_FOUND
