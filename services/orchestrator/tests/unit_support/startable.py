"""An engine that instances can be started in, over a state store with start records."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from grpc.aio import AioRpcError, Metadata
from pydantic import BaseModel

from contracts.problems import ProblemType
from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.engine.client import Engine
from orchestrator.engine.start_records import RecordTimes, StartRecords
from orchestrator.workflows.task.models import TaskRequest
from orchestrator.workflows.task.workflow import DEFINITION
from servicekit.problems import ProblemError
from servicekit.testing import MemoryStateStore
from unit_support.engine import FakeClient, instance_state
from unit_support.untraced import NO_TRACE_CONTEXTS

TASK = TaskRequest(task_id="1", title="T", assignee="alice")
OTHER = TASK.model_copy(update={"title": "U"})
ID = "task-1"
EXISTS = AioRpcError(grpc.StatusCode.ALREADY_EXISTS, Metadata(), Metadata(), "exists")
DOWN = AioRpcError(grpc.StatusCode.UNAVAILABLE, Metadata(), Metadata(), "refused")


class StartableEngine:
    """Has instances by id; refuses an id that runs, and starts one that has ended again."""

    def __init__(self) -> None:
        self.instances: dict[str, dict[str, Any]] = {}
        self.starts: list[tuple[str, dict[str, Any]]] = []
        self.hangs = False
        """Whether a start is accepted, and not begun before the caller gives up."""
        self.down = False
        """Whether a start does not reach the engine."""

    async def get_workflow_state(self, instance_id: str, payloads: bool) -> InstanceState | None:
        await asyncio.sleep(0)
        if instance_id not in self.instances:
            return None
        return instance_state(instance_id=instance_id, **self.instances[instance_id])

    async def schedule_new_workflow(
        self, workflow: str, instance_id: str, request: BaseModel
    ) -> None:
        await asyncio.sleep(0)
        if self.down:
            raise DOWN
        if self.instances.get(instance_id, {"status": "COMPLETED"})["status"] != "COMPLETED":
            raise EXISTS
        self.starts.append((instance_id, request.model_dump(mode="json")))
        if self.hangs:
            self.instances[instance_id] = {"name": "", "status": "PENDING"}
            await asyncio.Event().wait()
        self.instances[instance_id] = {
            "name": workflow,
            "status": "RUNNING",
            "input": request.model_dump_json(),
        }

    def end(self, instance_id: str) -> None:
        """Complete an instance."""
        self.instances[instance_id]["status"] = "COMPLETED"

    def remove(self, instance_id: str) -> None:
        """Remove the state of an instance, as retention and a purge do."""
        del self.instances[instance_id]


class Replica:
    """A replica of the orchestrator: what it starts is in an engine that it shares with others."""

    def __init__(
        self,
        engine: StartableEngine | None = None,
        data: dict[str, tuple[str, str]] | None = None,
        times: RecordTimes | None = None,
        *,
        start_timeout: float = 30.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.dapr = engine or StartableEngine()
        self.store = MemoryStateStore(data)
        self.records = StartRecords(self.store, times, now)
        self.client = FakeClient()
        self.engine = Engine(
            self.client,  # type: ignore[arg-type]
            self.dapr,  # type: ignore[arg-type]
            start_timeout,
            NO_TRACE_CONTEXTS,
            self.records,
        )

    def other(self) -> "Replica":
        """Return another replica over the same engine and store."""
        return Replica(self.dapr, self.store.data)


async def refused(replica: Replica, request: TaskRequest = TASK) -> ProblemType:
    """Return the problem that a start is refused with."""
    with pytest.raises(ProblemError) as error:
        await replica.engine.start(DEFINITION, request)
    return error.value.type
