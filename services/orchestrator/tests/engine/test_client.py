"""What the engine's answers become."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from grpc.aio import AioRpcError, Metadata
from unit_support.untraced import NO_ORIGINS

from contracts.orchestrator import RuntimeStatus
from contracts.problems import ProblemType
from orchestrator.engine.client import Engine
from orchestrator.workflows.task.workflow import DEFINITION, TaskRequest, TaskResult
from servicekit.problems import ProblemError

TASK = TaskRequest(task_id="1", title="T", assignee="alice")
TORN = "inbox key x declared in metadata of y but missing"


def rpc_error(code: grpc.StatusCode, details: str) -> AioRpcError:
    return AioRpcError(code, Metadata(), Metadata(), details)


def instance(
    request: TaskRequest = TASK, name: str = DEFINITION.workflow_name, **fields: Any
) -> Any:
    state = {
        "instance_id": "task-1",
        "name": name,
        "runtime_status": SimpleNamespace(name="RUNNING"),
        "serialized_input": request.model_dump_json(),
        "serialized_output": None,
        "serialized_custom_status": None,
        "failure_details": None,
        "created_at": datetime(2026, 1, 1),  # noqa: DTZ001 - as the SDK gives it
        "last_updated_at": datetime(2026, 1, 1),  # noqa: DTZ001
    }
    return SimpleNamespace(**state | fields)


class FakeClient:
    """Answers from a list; an exception in it is raised."""

    def __init__(self, *states: Any, schedule: Exception | None = None) -> None:
        self.states = list(states)
        self.scheduled: list[str] = []
        self._schedule = schedule

    async def get_workflow_state(self, _: str) -> Any:
        state = self.states.pop(0)
        if isinstance(state, Exception):
            raise state
        return state

    async def schedule_new_workflow(self, _: str, instance_id: str, request: Any) -> None:
        if self._schedule is not None:
            raise self._schedule
        self.scheduled.append(instance_id)


def engine(client: FakeClient) -> Engine:
    return Engine(client, client, 1.0, NO_ORIGINS)  # type: ignore[arg-type]


async def test_a_new_id_starts_an_instance() -> None:
    client = FakeClient(None)
    assert await engine(client).start(DEFINITION, TASK)
    assert client.scheduled == ["task-1"]


async def test_the_same_request_starts_nothing() -> None:
    client = FakeClient(instance())
    assert not await engine(client).start(DEFINITION, TASK)
    assert client.scheduled == []


async def test_what_was_kept_before_a_field_was_added_is_the_same_request() -> None:
    older = instance(
        serialized_input=json.dumps({"task_id": "1", "title": "T", "assignee": "alice"})
    )
    assert not await engine(FakeClient(older)).start(DEFINITION, TASK)


@pytest.mark.parametrize(
    "existing", [instance(TASK.model_copy(update={"title": "U"})), instance(name="another")]
)
async def test_another_request_or_workflow_is_refused(existing: Any) -> None:
    with pytest.raises(ProblemError) as error:
        await engine(FakeClient(existing)).start(DEFINITION, TASK)
    assert error.value.type is ProblemType.INSTANCE_EXISTS


async def test_who_loses_a_race_is_answered_by_the_winner() -> None:
    taken = rpc_error(grpc.StatusCode.ALREADY_EXISTS, "exists")
    assert not await engine(FakeClient(None, instance(), schedule=taken)).start(DEFINITION, TASK)


async def test_an_engine_that_is_down_is_to_be_tried_again() -> None:
    down = rpc_error(grpc.StatusCode.UNAVAILABLE, "refused")
    for client in (FakeClient(down), FakeClient(None, schedule=down)):
        with pytest.raises(ProblemError) as error:
            await engine(client).start(DEFINITION, TASK)
        assert error.value.type is ProblemType.UNAVAILABLE
        assert error.value.retry_after


async def test_a_torn_read_is_read_again() -> None:
    torn = rpc_error(grpc.StatusCode.UNKNOWN, TORN)
    status = await engine(FakeClient(torn, torn, instance())).status("task-1", DEFINITION)
    assert status.status is RuntimeStatus.RUNNING


async def test_a_read_that_stays_torn_is_to_be_tried_again() -> None:
    client = FakeClient(*[rpc_error(grpc.StatusCode.UNKNOWN, TORN)] * 5)
    with pytest.raises(ProblemError) as error:
        await engine(client).status("task-1", DEFINITION)
    assert error.value.type is ProblemType.UNAVAILABLE
    assert client.states == []


async def test_a_completed_instance_shows_its_result() -> None:
    output = {"task_id": "1", "status": "completed", "message": "Done"}
    state = instance(
        runtime_status=SimpleNamespace(name="COMPLETED"),
        serialized_output=json.dumps(output),
        serialized_custom_status='{"step": "completed", "message": "Done"}',
    )
    status = await engine(FakeClient(state)).status("task-1", DEFINITION)
    assert status.output == TaskResult.model_validate(output)
    assert status.custom_status is not None
    assert status.custom_status.step == "completed"
    assert status.created_at == datetime(2026, 1, 1, tzinfo=UTC)


async def test_a_failed_instance_shows_why() -> None:
    state = instance(
        runtime_status=SimpleNamespace(name="FAILED"),
        serialized_output='{"not": "a result"}',
        failure_details=SimpleNamespace(message="broken"),
    )
    status = await engine(FakeClient(state)).status("task-1", DEFINITION)
    assert (status.status, status.output, status.error) == (RuntimeStatus.FAILED, None, "broken")


@pytest.mark.parametrize("state", [None, instance(name="another")])
async def test_what_is_not_there_is_not_found(state: Any) -> None:
    with pytest.raises(ProblemError) as error:
        await engine(FakeClient(state)).status("task-1", DEFINITION)
    assert error.value.type is ProblemType.NOT_FOUND
