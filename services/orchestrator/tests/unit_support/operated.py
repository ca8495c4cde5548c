"""Operations over an engine that has instances with children, and a list that they refresh."""

from collections.abc import Sequence
from typing import Any

import grpc
import pytest
from google.protobuf.json_format import ParseDict
from grpc.aio import AioRpcError, Metadata

from orchestrator.dapr_sdk.private import protos
from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.engine.start_records import StartRecords
from orchestrator.inspection.rerun_links import RerunLinks
from orchestrator.operations.audit import Audit
from orchestrator.operations.instances import Instances
from orchestrator.operations.purge import Purge
from orchestrator.operations.rerun import Reruns
from orchestrator.operations.service import Operations
from orchestrator.schemas.operations import AuditEntry, Operation, OperationRequest
from orchestrator.workflows.hello.models import HelloRequest
from orchestrator.workflows.hello.workflow import DEFINITION
from servicekit.problems import ProblemError
from servicekit.testing import MemoryStateStore
from unit_support.catalogue import CATALOGUE

REQUEST = HelloRequest(hello_id="1", user_name="ada")
WHY = OperationRequest(reason="because", by="olga")
ALL = WHY.model_copy(update={"children": True})
MISSING = AioRpcError(grpc.StatusCode.NOT_FOUND, Metadata(), Metadata(), "no such instance")


class FakeEngine:
    """Has instances by their status, each with its children; refuses what is not there."""

    def __init__(self, **children: Sequence[str]) -> None:
        self.children = {name.replace("_", "-"): ids for name, ids in children.items()}
        self.statuses = dict.fromkeys(self.children, "RUNNING")
        self.workflow = DEFINITION.workflow_name
        self.names: dict[str, str] = {}
        """The workflow of each child, as its parent's history has it."""
        self.calls: list[tuple[str, str]] = []
        self.reads_until_effect = 0
        self.started: list[Any] = []
        self.used: set[str] = set()
        self.requests: list[Any] = []
        self.refusing_start: ProblemError | None = None
        self.inputs: list[Any] = []
        self.failure: AioRpcError | None = None
        self.losing_terminates = 0
        """How many terminates have no effect, as Dapr before 1.18.4 loses some."""
        self.ends_instead: str | None = None
        """The status that whatever is asked for is too late for."""
        self.repeats: dict[str, str] = {}
        """Of a rerun from an event, the instance that it repeats."""
        self._to_come: dict[str, str | None] = {}

    async def get_workflow_state(self, instance_id: str, payloads: bool) -> InstanceState | None:
        assert payloads
        if self._to_come:
            self.reads_until_effect -= 1
            if self.reads_until_effect < 0:
                for name, status in self._to_come.items():
                    self._set(name, status)
                self._to_come.clear()
        if instance_id not in self.statuses:
            return None
        status = f"ORCHESTRATION_STATUS_{self.statuses[instance_id]}"
        raw = {
            "instanceId": instance_id,
            "name": self.workflow,
            "workflowStatus": status,
            "input": REQUEST.model_dump_json(),
        }
        return InstanceState.from_proto(ParseDict(raw, protos.WorkflowState()))

    async def get_workflow_history(self, instance_id: str) -> list[Any]:
        step: dict[str, Any] = {"name": "try_luck", "taskExecutionId": "a"}
        if source := self.repeats.get(instance_id):
            step["rerunParentInstanceInfo"] = {"instanceID": source}
        events: list[dict[str, Any]] = [
            {"eventId": -1, "workflowStarted": {}},
            {"eventId": 3, "taskScheduled": step},
            {"eventId": 2, "taskScheduled": {"name": "step_of_older_code"}},
            {"eventId": 4, "timerCreated": {"name": "rest"}},
            {"eventId": -1, "timerFired": {"timerId": 4}},
        ]
        events += [
            {
                "eventId": 5 + n,
                "childWorkflowInstanceCreated": {
                    "instanceId": child,
                    "name": self.names.get(child, "hello_child_workflow"),
                },
            }
            for n, child in enumerate(self.children.get(instance_id, ()))
        ]
        return [ParseDict(event, protos.HistoryEvent()) for event in events]

    async def pause_workflow(self, instance_id: str, reason: str) -> None:
        self._do("pause", instance_id, reason, [instance_id], "SUSPENDED")

    async def resume_workflow(self, instance_id: str, reason: str) -> None:
        self._do("resume", instance_id, reason, [instance_id], "RUNNING")

    async def terminate_workflow(
        self, instance_id: str, *, output: dict[str, str], recursive: bool
    ) -> None:
        ids = self._family(instance_id) if recursive else [instance_id]
        running = [i for i in ids if self.statuses.get(i) in ("RUNNING", "SUSPENDED")]
        self.losing_terminates -= 1
        effect = [] if self.losing_terminates >= 0 else running
        self._do("terminate", instance_id, output["reason"], effect, "TERMINATED")

    async def purge_workflow(self, instance_id: str, recursive: bool) -> None:
        assert not recursive
        self._do("purge", instance_id, "because", [instance_id], None)

    async def rerun_workflow_from_event(
        self,
        instance_id: str,
        event_id: int,
        *,
        new_instance_id: str,
        input: Any,  # noqa: A002 - the client's name
    ) -> str:
        if new_instance_id in self.statuses or new_instance_id in self._to_come:
            raise AioRpcError(grpc.StatusCode.ALREADY_EXISTS, Metadata(), Metadata(), "exists")
        self.inputs.append(input)
        self.repeats[new_instance_id] = instance_id
        self._do("rerun", instance_id, "because", [new_instance_id], "RUNNING")
        return new_instance_id

    async def was_used(self, instance_id: str) -> bool:
        return instance_id in self.used

    async def start(self, definition: Any, request: Any) -> bool:
        if self.refusing_start is not None:
            raise self.refusing_start
        instance_id = definition.instance_id(request)
        if instance_id in self.started:
            return False
        self.started.append(instance_id)
        self.requests.append(request)
        self.statuses[instance_id] = "RUNNING"
        return True

    def _do(
        self, call: str, instance_id: str, reason: str, changed: list[str], status: str | None
    ) -> None:
        if self.failure is not None:
            raise self.failure
        if instance_id not in self.statuses:
            raise MISSING
        assert reason == "because"
        self.calls.append((call, instance_id))
        self._to_come.update(dict.fromkeys(changed, self.ends_instead or status))

    def _set(self, instance_id: str, status: str | None) -> None:
        if status is None:
            self.statuses.pop(instance_id, None)
        else:
            self.statuses[instance_id] = status

    def _family(self, instance_id: str) -> list[str]:
        found = [instance_id]
        for child in self.children.get(instance_id, ()):
            found += self._family(child)
        return found


class World:
    """The operations on some instances, and the refreshes of the list."""

    def __init__(self, **children: Sequence[str]) -> None:
        self.store = MemoryStateStore()
        self.engine = FakeEngine(**children)
        self.refreshed: list[dict[str, str | None]] = []
        """For each refresh, the status that the engine had of each instance."""
        self.starts, self.audit = StartRecords(self.store), Audit(self.store)
        self.links = RerunLinks(self.store)
        engine: Any = self.engine
        instances = Instances(engine)
        self.operations = Operations(
            engine,
            engine,
            self.audit,
            self.starts,
            Reruns(CATALOGUE, engine, engine, instances, self.links),
            Purge(engine, instances, self.starts, self.links),
            self.refresh,
        )

    async def refresh(self, instance_ids: Sequence[str]) -> None:
        self.refreshed.append({i: self.engine.statuses.get(i) for i in instance_ids})

    async def trail(self) -> list[AuditEntry]:
        return (await self.audit.page(None, 100)).items

    async def refused(self, operation: Operation, request: OperationRequest = WHY) -> ProblemError:
        with pytest.raises(ProblemError) as error:
            await self.operations.perform(operation, "hello-1", request)
        return error.value
