"""What is read of an instance that has not begun, and of a child."""

from datetime import UTC, datetime

from unit_support.fake_instances import FakeEngine, polled, shown

from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.schemas.instances import InstanceQuery
from orchestrator.visibility.due_queue import SHORTEST_DELAY, poll_delay
from orchestrator.visibility.poller import Poller
from orchestrator.workflows.task.models import TaskRequest
from orchestrator.workflows.task.workflow import DEFINITION


async def test_the_parent_of_a_child_is_read_from_the_history_once() -> None:
    engine = FakeEngine({"child": "RUNNING"}, workflow="hello_child_workflow")
    index, poller = polled(engine)
    await poller.list_ids()
    for status in ("RUNNING", "COMPLETED"):
        engine.statuses["child"] = status
        poller.mark_dirty("child")
        await poller.poll_due()
        [item] = (await index.page(InstanceQuery(parent="parent-of-child"))).items
        assert item.status == status
    assert engine.histories == 1


async def test_an_instance_that_has_not_begun_keeps_its_workflow_and_is_read_again_soon() -> None:
    engine = FakeEngine(
        {"task-1": "PENDING", "task-2": "PENDING", "else-3": "PENDING"}, workflow=""
    )
    index, poller = polled(engine)
    request = TaskRequest(task_id="2", title="T", assignee="ada")
    poller.started(DEFINITION, request)
    await poller.list_ids()
    await poller.poll_due()
    assert shown(index) == {"task-1": "PENDING", "task-2": "RUNNING", "else-3": "PENDING"}
    assert {entry.workflow for i in ("task-1", "task-2") if (entry := index.get(i))} == {"task"}
    for instance_id in index.ids():
        entry = index.get(instance_id)
        assert entry is not None
        assert poll_delay(entry, datetime.now(UTC)) == SHORTEST_DELAY


async def test_a_child_that_begins_after_its_first_read_gets_its_parent() -> None:
    engine = FakeEngine({"child": "PENDING"}, workflow="")
    index, poller = polled(engine)
    await poller.list_ids()
    await poller.refresh(["child"])
    engine.workflow, engine.statuses["child"] = "hello_child_workflow", "RUNNING"
    await poller.refresh(["child"])
    child = index.get("child")
    assert child is not None
    assert (child.parent, child.workflow) == ("parent-of-child", "hello_child_workflow")


class StartsDuringTheRead(FakeEngine):
    """An engine on which an instance is started while its state is read."""

    poller: Poller

    async def get_workflow_state(self, instance_id: str, payloads: bool) -> InstanceState | None:
        state = await super().get_workflow_state(instance_id, payloads)
        self.poller.started(DEFINITION, TaskRequest(task_id="1", title="Blue chair"))
        return state


async def test_an_instance_that_is_started_during_its_read_keeps_what_the_start_knows() -> None:
    engine = StartsDuringTheRead({"task-1": "PENDING"}, workflow="")
    index, engine.poller = polled(engine)
    await engine.poller.refresh(["task-1"])
    [item] = (await index.page(InstanceQuery(q="blue"))).items
    assert (item.instance_id, item.status) == ("task-1", "RUNNING")
