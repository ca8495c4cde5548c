"""Operations on an instance, and the refresh of the list after them."""

from collections.abc import Sequence
from typing import Any

import grpc
import pytest
from dapr.ext.workflow import UNSET
from google.protobuf.json_format import ParseDict
from grpc.aio import AioRpcError, Metadata
from unit_support.catalogue import CATALOGUE

from contracts.operations import AuditEntry, Operation, OperationRequest, RerunRequest
from contracts.orchestrator import RuntimeStatus
from contracts.problems import ProblemType
from orchestrator.dapr_sdk.private import protos
from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.inspection.tombstones import Tombstones
from orchestrator.operations.audit import DONE, Audit
from orchestrator.operations.service import Operations
from orchestrator.workflows.hello.models import HelloRequest
from orchestrator.workflows.hello.workflow import DEFINITION
from servicekit.problems import ProblemError
from servicekit.testing import MemoryStateStore

REQUEST = HelloRequest(hello_id="1", user_name="ada")
WHY = OperationRequest(reason="because", by="olga")
ALL = WHY.model_copy(update={"children": True})
MISSING = AioRpcError(grpc.StatusCode.NOT_FOUND, Metadata(), Metadata(), "no such instance")
MAX_EVENT_ID = 2**32 - 1
AFTER = {
    Operation.PAUSE: "SUSPENDED",
    Operation.RESUME: "RUNNING",
    Operation.TERMINATE: "TERMINATED",
}


class FakeEngine:
    """Has instances by their status, each with its children; refuses what is not there."""

    def __init__(self, **children: Sequence[str]) -> None:
        self.children = {name.replace("_", "-"): ids for name, ids in children.items()}
        self.statuses = dict.fromkeys(self.children, "RUNNING")
        self.workflow = DEFINITION.workflow_name
        self.calls: list[tuple[str, str]] = []
        self.reads_until_effect = 0
        self.started: list[Any] = []
        self.inputs: list[Any] = []
        self.failure: AioRpcError | None = None
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
        return [
            ParseDict(
                {"childWorkflowInstanceCreated": {"instanceId": child}}, protos.HistoryEvent()
            )
            for child in self.children.get(instance_id, ())
        ]

    async def pause_workflow(self, instance_id: str, reason: str) -> None:
        self._do("pause", instance_id, reason, [instance_id], "SUSPENDED")

    async def resume_workflow(self, instance_id: str, reason: str) -> None:
        self._do("resume", instance_id, reason, [instance_id], "RUNNING")

    async def terminate_workflow(
        self, instance_id: str, *, output: dict[str, str], recursive: bool
    ) -> None:
        ids = self._family(instance_id) if recursive else [instance_id]
        running = [i for i in ids if self.statuses.get(i) in ("RUNNING", "SUSPENDED")]
        self._do("terminate", instance_id, output["reason"], running, "TERMINATED")

    async def purge_workflow(self, instance_id: str, recursive: bool) -> None:
        ids = self._family(instance_id) if recursive else [instance_id]
        self._do("purge", instance_id, "because", ids, None)

    async def rerun_workflow_from_event(
        self,
        instance_id: str,
        event_id: int,
        *,
        new_instance_id: str,
        input: Any,  # noqa: A002 - the client's name
    ) -> str:
        if event_id > MAX_EVENT_ID:
            raise ValueError(f"event_id must be between 0 and {MAX_EVENT_ID}, got {event_id}.")
        self.inputs.append(input)
        self._do("rerun", instance_id, "because", [new_instance_id], "RUNNING")
        return new_instance_id

    async def start(self, definition: Any, request: Any) -> bool:
        self.started.append(definition.instance_id(request))
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
        self._to_come.update(dict.fromkeys(changed, status))

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
        self.tombstones, self.audit = Tombstones(self.store), Audit(self.store)
        self.operations = Operations(
            CATALOGUE,
            self.engine,  # type: ignore[arg-type]
            self.engine,  # type: ignore[arg-type]
            self.engine,  # type: ignore[arg-type]
            self.audit,
            self.tombstones,
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


@pytest.fixture
def world() -> World:
    """An instance with a child that has one, and a child that has ended."""
    world = World(
        hello_1=["hello-1-a", "hello-1-a", "hello-1-b"],
        hello_1_a=["hello-1-a-a"],
        hello_1_a_a=[],
        hello_1_b=[],
    )
    world.engine.statuses["hello-1-b"] = "COMPLETED"
    return world


@pytest.mark.parametrize("reads", [0, 3])
@pytest.mark.parametrize("operation", AFTER)
async def test_the_list_is_refreshed_once_the_operation_has_taken_effect(
    world: World, operation: Operation, reads: int
) -> None:
    if operation is Operation.RESUME:
        world.engine.statuses["hello-1"] = "SUSPENDED"
    world.engine.reads_until_effect = reads
    result = await world.operations.perform(operation, "hello-1", WHY)
    assert result.status == AFTER[operation]
    assert world.refreshed == [{"hello-1": AFTER[operation]}]
    assert world.engine.calls == [(operation, "hello-1")]
    [entry] = await world.trail()
    assert (entry.action, entry.result, entry.details) == (
        operation,
        DONE,
        {"instances": ["hello-1"]},
    )


async def test_children_are_paused_and_resumed_where_their_status_allows_it(world: World) -> None:
    for operation, status in ((Operation.PAUSE, "SUSPENDED"), (Operation.RESUME, "RUNNING")):
        world.engine.calls.clear()
        await world.operations.perform(operation, "hello-1", ALL)
        family = ["hello-1", "hello-1-a", "hello-1-a-a"]
        assert world.engine.calls == [(operation, name) for name in family]
        assert world.refreshed.pop() == dict.fromkeys(family, status)


async def test_children_are_terminated_with_their_parent(world: World) -> None:
    await world.operations.perform(Operation.TERMINATE, "hello-1", ALL)
    assert world.engine.calls == [("terminate", "hello-1")]
    family = ["hello-1", "hello-1-a", "hello-1-a-a"]
    assert world.refreshed == [dict.fromkeys(family, "TERMINATED")]
    [entry] = await world.trail()
    assert entry.details == {"instances": family}


async def test_children_are_purged_with_their_parent_and_leave_tombstones(world: World) -> None:
    world.engine.statuses = dict.fromkeys(world.engine.statuses, "COMPLETED")
    result = await world.operations.perform(Operation.PURGE, "hello-1", ALL)
    assert result.status is None
    assert world.engine.calls == [("purge", "hello-1")]
    family = ["hello-1", "hello-1-a", "hello-1-a-a", "hello-1-b"]
    assert world.refreshed == [dict.fromkeys(family)]
    for name in family:
        assert (await world.tombstones.missing_problem(name)).type is ProblemType.INSTANCE_GONE


async def test_purged_children_are_skipped(world: World) -> None:
    del world.engine.statuses["hello-1-b"]
    del world.engine.statuses["hello-1-a-a"]
    await world.operations.perform(Operation.PAUSE, "hello-1", ALL)
    assert world.refreshed == [dict.fromkeys(["hello-1", "hello-1-a"], "SUSPENDED")]


async def test_a_refused_operation_is_recorded_and_refreshes_nothing(world: World) -> None:
    assert (await world.refused(Operation.RESUME)).type is ProblemType.WRONG_STATE
    assert (await world.refused(Operation.PURGE)).type is ProblemType.WRONG_STATE
    world.engine.statuses.clear()
    assert (await world.refused(Operation.PAUSE)).type is ProblemType.NOT_FOUND
    await world.tombstones.record_purge("hello-1", "olga")
    assert (await world.refused(Operation.PAUSE)).type is ProblemType.INSTANCE_GONE
    assert (world.engine.calls, world.refreshed) == ([], [])
    assert [entry.result for entry in await world.trail()] == [
        ProblemType.INSTANCE_GONE,
        ProblemType.NOT_FOUND,
        ProblemType.WRONG_STATE,
        ProblemType.WRONG_STATE,
    ]


async def test_an_unavailable_engine_is_reported_as_unavailable(world: World) -> None:
    world.engine.failure = AioRpcError(
        grpc.StatusCode.UNAVAILABLE, Metadata(), Metadata(), "refused"
    )
    assert (await world.refused(Operation.PAUSE)).type is ProblemType.UNAVAILABLE
    assert world.refreshed == []


async def test_an_operation_that_takes_effect_late_returns_the_present_status(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestrator.operations.service.EFFECT_TIMEOUT_SECONDS", 0.1)
    world.engine.reads_until_effect = 1_000
    result = await world.operations.perform(Operation.PAUSE, "hello-1", WHY)
    assert result.status is RuntimeStatus.RUNNING
    assert world.refreshed == [{"hello-1": "RUNNING"}]


@pytest.mark.parametrize("from_event", [None, 3])
async def test_a_rerun_is_recorded_and_refreshed_in_the_list(
    world: World, from_event: int | None
) -> None:
    world.engine.statuses["hello-1"] = "FAILED"
    request = RerunRequest(reason="because", by="olga", new_id="2", from_event=from_event)
    result = await world.operations.rerun("hello-1", request)
    assert (result.status, result.new_instance_id) == (RuntimeStatus.FAILED, "hello-2")
    assert [list(ids) for ids in world.refreshed] == [["hello-2"]]
    if from_event is None:
        assert (world.engine.started, world.engine.calls) == (["hello-2"], [])
    else:
        assert (world.engine.started, world.engine.calls) == ([], [("rerun", "hello-1")])
    [entry] = await world.trail()
    assert entry.details == {"new_instance_id": "hello-2"}


@pytest.mark.parametrize(
    ("given", "passed"), [(None, UNSET), ({}, {}), ({"user_name": "bo"}, {"user_name": "bo"})]
)
async def test_a_rerun_from_a_step_keeps_its_input_unless_another_is_given(
    world: World, given: dict[str, Any] | None, passed: Any
) -> None:
    world.engine.statuses["hello-1"] = "COMPLETED"
    request = RerunRequest(reason="because", new_id="2", from_event=3, input=given)
    await world.operations.rerun("hello-1", request)
    assert world.engine.inputs == [passed]


async def test_a_rerun_from_an_invalid_event_id_is_refused(world: World) -> None:
    world.engine.statuses["hello-1"] = "COMPLETED"
    request = RerunRequest(reason="because", new_id="2", from_event=MAX_EVENT_ID + 1)
    with pytest.raises(ProblemError) as error:
        await world.operations.rerun("hello-1", request)
    assert error.value.type is ProblemType.VALIDATION
    assert str(MAX_EVENT_ID + 1) in error.value.detail


async def test_a_rerun_of_a_child_is_refused(world: World) -> None:
    world.engine.statuses["hello-1"] = "COMPLETED"
    world.engine.workflow = "hello_child_workflow"
    with pytest.raises(ProblemError) as error:
        await world.operations.rerun("hello-1", RerunRequest(reason="because", new_id="2"))
    assert error.value.type is ProblemType.WRONG_STATE
    assert world.refreshed == []
