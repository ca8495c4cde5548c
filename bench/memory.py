"""What an instance costs in the index's memory."""

import gc
import json
import tracemalloc
from datetime import UTC, datetime, timedelta

from orchestrator.dapr_sdk.private import protos
from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.visibility.change_feed import ChangeFeed
from orchestrator.visibility.entry import entry_of
from orchestrator.visibility.index import InstanceIndex
from orchestrator.workflows.registrations import WORKFLOWS

CATALOGUE = Catalogue(WORKFLOWS)

START = datetime(2026, 1, 1, tzinfo=UTC)


def bytes_a_summary(count: int, *, largest: bool = False) -> int:
    """Return the bytes an instance, with all that the index keeps for it.

    Args:
        count: How many instances there are.
        largest: Whether each has the longest message and text, and waits for three events.
    """
    index = InstanceIndex(ChangeFeed())
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number in range(count):
        index.put(entry_of(CATALOGUE, _state(number, largest)))
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return round((after - before) / count)


def _state(number: int, largest: bool) -> InstanceState:
    """Return a rejected task as the engine has it, or a larger one that waits."""
    title = f"{number:05}" * 200 if largest else ""
    request = {"task_id": f"{number}", "title": title, "assignee": f"person{number}@example.com"}
    progress: dict[str, object] = {"step": "rejected", "message": f"Task {number} has no title"}
    if largest:
        progress["message"] = f"{number:05}" * 100
        progress["waits"] = [
            {
                "id": f"{event}.{number}",
                "event": event,
                "until": f"{START + timedelta(seconds=number):%Y-%m-%dT%H:%M:%SZ}",
                "assigned_to": f"person{number}@example.com",
            }
            for event in ("approval", "claim", "cancel")
        ]
    status = "RUNNING" if largest else "COMPLETED"
    state = protos.WorkflowState(
        instanceId=f"task-{number:06x}-{number}",
        name="task_processing_workflow",
        workflowStatus=protos.OrchestrationStatus.Value(f"ORCHESTRATION_STATUS_{status}"),
    )
    state.input.value = json.dumps(request)
    state.customStatus.value = json.dumps(progress)
    state.createdTimestamp.FromDatetime(START + timedelta(seconds=number))
    state.lastUpdatedTimestamp.FromDatetime(START + timedelta(seconds=number, milliseconds=30))
    if not largest:
        state.completedTimestamp.FromDatetime(START + timedelta(seconds=number, milliseconds=30))
    return InstanceState.from_proto(state)
