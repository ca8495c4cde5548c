"""The detail of an instance, from its state and its history."""

import json
from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from unit_support.history import BEGIN, happened

from orchestrator.dapr_sdk.private import protos
from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.inspection.detail import detail_of
from orchestrator.schemas.detail import InstanceDetail
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.telemetry.execution_info import ExecutionInfo, execution_info_of
from orchestrator.workflows.hello.workflow import DEFINITION

TRACE = "7a46f4ca5fcfd0e8c73a06403023a450"


def timestamp(seconds: float) -> str:
    return (BEGIN + timedelta(seconds=seconds)).isoformat()


def raw(**fields: Any) -> InstanceState:
    """Return a state, from the form that the engine gives it."""
    defaults = {
        "instanceId": "hello-1",
        "name": "hello_workflow",
        "workflowStatus": "ORCHESTRATION_STATUS_RUNNING",
        "createdTimestamp": timestamp(0),
        "lastUpdatedTimestamp": timestamp(10),
        "input": '{"hello_id": "1", "user_name": "ada"}',
    }
    return InstanceState.from_proto(ParseDict(defaults | fields, protos.WorkflowState()))


def shown(state: InstanceState, info: ExecutionInfo | None = None, **more: Any) -> InstanceDetail:
    arguments = {
        "info": info or ExecutionInfo(),
        "why": [],
        "definition": DEFINITION,
        "rerun_of": None,
        "jaeger_url": None,
        "now": BEGIN + timedelta(seconds=60),
    }
    return detail_of(state, **arguments | more)


def test_a_running_instance_has_a_typed_input_and_no_output() -> None:
    detail = shown(raw(output='{"greetings": []}'))
    assert detail.status is RuntimeStatus.RUNNING
    assert detail.workflow == "hello"
    assert detail.input == {
        "hello_id": "1",
        "user_name": "ada",
        "simulate": None,
        "rest_seconds": 15,
    }
    assert (detail.output, detail.completed_at, detail.duration_seconds) == (None, None, 60)


def test_a_completed_instance_has_its_output_and_duration() -> None:
    ended = execution_info_of([happened(5, executionCompleted={})])
    state = raw(workflowStatus="ORCHESTRATION_STATUS_COMPLETED", output='{"greetings": ["Hello"]}')
    detail = shown(state, ended)
    assert detail.output == {"greetings": ["Hello"], "compensated": False}
    assert (detail.completed_at, detail.duration_seconds) == (BEGIN + timedelta(seconds=5), 5)
    # Without a history, its last change was its end.
    assert shown(state).duration_seconds == 10


def test_a_completed_instance_has_the_outcome_in_its_result() -> None:
    ended = "ORCHESTRATION_STATUS_COMPLETED"
    assert shown(raw(workflowStatus=ended, output='{"status": "failed"}')).outcome == "failed"
    assert shown(raw(workflowStatus=ended, output='{"greetings": []}')).outcome is None
    assert shown(raw(output='{"status": "failed"}')).outcome is None


def test_payloads_of_an_earlier_model_are_shown_as_plain_json() -> None:
    state = raw(
        workflowStatus="ORCHESTRATION_STATUS_COMPLETED", input='{"name": 1}', output='{"all": 2}'
    )
    detail = shown(state)
    assert (detail.input, detail.output) == ({"name": 1}, {"all": 2})


def test_a_child_workflow_has_daprs_name_and_plain_json() -> None:
    started = {
        "name": "hello_child_workflow",
        "parentInstance": {"workflowInstance": {"instanceId": "hello-1"}},
    }
    info = execution_info_of([happened(0, executionStarted=started)])
    detail = shown(raw(name="hello_child_workflow", input='"ada"'), info, definition=None)
    assert (detail.workflow, detail.input, detail.parent) == (
        "hello_child_workflow",
        "ada",
        "hello-1",
    )


def test_a_failed_instance_has_its_error() -> None:
    detail = shown(
        raw(
            workflowStatus="ORCHESTRATION_STATUS_FAILED",
            output="not a result",
            failureDetails={"errorType": "ValueError", "errorMessage": "broken"},
        )
    )
    assert (detail.status, detail.error, detail.output) == (RuntimeStatus.FAILED, "broken", None)


@pytest.mark.parametrize("given", ["enough", '{"reason": "enough"}', '"enough"'])
def test_a_terminated_instance_has_the_reason(given: str) -> None:
    info = execution_info_of([happened(1, executionTerminated={"input": given})])
    state = raw(workflowStatus="ORCHESTRATION_STATUS_TERMINATED", output=given)
    assert shown(state, info).error == "enough"


def test_a_custom_status_of_another_form_is_null() -> None:
    assert shown(raw(customStatus="half done")).custom_status is None
    reported = shown(raw(customStatus=json.dumps({"step": "rest", "message": "Resting"})))
    assert reported.custom_status is not None
    assert reported.custom_status.step == "rest"


def test_version_patches_and_children_come_from_the_history() -> None:
    def began(**version: Any) -> Any:
        return happened(0, workflowStarted={"version": version})

    def child(name: str) -> Any:
        return happened(1, childWorkflowInstanceCreated={"instanceId": name})

    history = [began(name="v1"), child("a"), began(patches=["p"]), child("b"), child("a")]
    info = execution_info_of([*history, began(patches=["p", "q"])])
    assert (info.version, info.patches, info.children) == ("v1", ["p", "q"], ["a", "b"])
    assert shown(raw(version="v0"), info).version == "v1"
    assert shown(raw(version="v0")).version == "v0"


def test_a_trace_is_linked_if_jaegers_address_is_set() -> None:
    context = {"traceParent": f"00-{TRACE}-e910bba9f1740b41-01"}
    info = execution_info_of([happened(0, executionStarted={"parentTraceContext": context})])
    assert shown(raw(), info).trace_id == TRACE
    assert shown(raw(), info).trace_url is None
    linked = shown(raw(), info, jaeger_url="http://localhost:16686/")
    assert linked.trace_url == f"http://localhost:16686/trace/{TRACE}"
    assert shown(raw(), jaeger_url="http://localhost:16686").trace_url is None


@pytest.mark.parametrize("begins_with", ["taskScheduled", "timerCreated"])
def test_a_rerun_names_its_source_and_its_duration_begins_at_its_first_step(
    begins_with: str,
) -> None:
    first = {"rerunParentInstanceInfo": {"instanceID": "hello-0"}}
    copied = [happened(0, executionStarted={}), happened(1, taskScheduled={"name": "greet"})]
    info = execution_info_of([*copied, happened(40, **{begins_with: first})])
    assert shown(raw(), info).rerun_of == "hello-0"
    assert shown(raw(), info).duration_seconds == 20
    assert shown(raw(), execution_info_of(copied)).rerun_of is None
