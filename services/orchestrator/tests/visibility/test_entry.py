"""The entry of an instance, from the state and the history that the engine has."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from unit_support.catalogue import CATALOGUE
from unit_support.engine import instance_state

from orchestrator.dapr_sdk.private import protos
from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.visibility.entry import (
    MAX_MESSAGE,
    MAX_SEARCH,
    entry_of,
    may_be_child,
    parent_of,
    search_text,
)
from orchestrator.workflows.task.models import TaskRequest
from orchestrator.workflows.task.workflow import DEFINITION

START = datetime(2026, 1, 1, tzinfo=UTC)


def state(
    name: str = DEFINITION.workflow_name,
    status: str = "RUNNING",
    request: Any = None,
    custom_status: str = "",
) -> InstanceState:
    return instance_state(
        name=name,
        status=status,
        input=json.dumps(request),
        customStatus=custom_status,
    )


def test_a_workflow_of_the_catalogue_has_its_short_name_and_search_text() -> None:
    request = TaskRequest(task_id="1", title="Blue Chair", skills=["python", "go"])
    kept = entry_of(CATALOGUE, state(request=request.model_dump(mode="json")))
    assert kept.workflow == "task"
    assert kept.search == "task-1 blue chair python go"
    assert (kept.created_at, kept.completed_at, kept.parent) == (START, None, None)


def test_a_child_workflow_has_daprs_name_and_its_parent() -> None:
    child = state(name="hello_child_workflow", request="ada", status="COMPLETED")
    started = protos.ExecutionStartedEvent(name="hello_child_workflow")
    started.parentInstance.workflowInstance.instanceId = "hello-1"
    history = [protos.HistoryEvent(eventId=-1), protos.HistoryEvent(executionStarted=started)]
    assert may_be_child(CATALOGUE, child)
    kept = entry_of(CATALOGUE, child, parent_of(history))
    assert (kept.workflow, kept.parent) == ("hello_child_workflow", "hello-1")
    assert (kept.completed_at, kept.terminal) == (START, True)


def test_an_instance_started_by_a_client_has_no_parent() -> None:
    started = protos.ExecutionStartedEvent(name="task_processing_workflow")
    assert parent_of([protos.HistoryEvent(executionStarted=started)]) is None
    assert parent_of([]) is None
    assert not may_be_child(CATALOGUE, state())


@pytest.mark.parametrize(
    ("name", "shown"),
    [("PENDING", "PENDING"), ("STALLED", "STALLED"), ("CONTINUED_AS_NEW", "RUNNING"),
     ("CANCELED", "TERMINATED")],
)  # fmt: skip
def test_a_status_of_the_engine_is_mapped_to_the_apis(name: str, shown: str) -> None:
    assert entry_of(CATALOGUE, state(status=name)).status is RuntimeStatus[shown]


def test_an_ended_instance_has_the_outcome_in_its_result() -> None:
    ended = instance_state(status="COMPLETED", output='{"status": "failed"}')
    kept, other = entry_of(CATALOGUE, ended), entry_of(CATALOGUE, ended)
    assert kept.outcome == kept.summary(START).outcome == "failed"
    # One text for all that ended so.
    assert kept.outcome is other.outcome
    assert entry_of(CATALOGUE, state()).outcome is None


def test_long_message_and_search_text_are_truncated() -> None:
    request = TaskRequest(task_id="1", title="é" * 200, assignee="a" * 254, skills=["b" * 50] * 20)
    progress = json.dumps({"step": "assign_task", "message": "m" * 5_000})
    kept = entry_of(
        CATALOGUE, state(request=request.model_dump(mode="json"), custom_status=progress)
    )
    assert kept.message is not None
    assert (len(kept.message), len(kept.search)) == (MAX_MESSAGE, MAX_SEARCH)


@pytest.mark.parametrize("custom_status", ["half way", '"half way"', '{"step": 1}', "{"])
def test_a_custom_status_of_another_form_is_ignored(custom_status: str) -> None:
    kept = entry_of(CATALOGUE, state(custom_status=custom_status))
    assert (kept.step, kept.message, kept.waits) == (None, None, ())


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("id", "task-1 7"),
        ("customer.email", "task-1 ada@example.com"),
        ("lines.sku", "task-1 a b"),
        ("customer", "task-1"),
        ("none.at.all", "task-1"),
    ],
)
def test_a_search_field_is_a_path_into_the_request(path: str, found: str) -> None:
    data = {
        "id": 7,
        "customer": {"email": "Ada@example.com"},
        "lines": [{"sku": "A"}, {"sku": "b"}],
    }
    assert search_text("task-1", replace(DEFINITION, search_fields=(path,)), data) == found
