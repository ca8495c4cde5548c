"""What is known of an instance, from its raw state and its history."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict

from contracts.detail import InstanceDetail
from contracts.orchestrator import RuntimeStatus
from orchestrator.dapr_sdk.private import protos
from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.inspection.detail import detail_of
from orchestrator.telemetry.execution_info import ExecutionInfo, execution_info_of
from orchestrator.workflows.hello.workflow import DEFINITION

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
TRACE = "7a46f4ca5fcfd0e8c73a06403023a450"


def moment(seconds: float) -> str:
    return (BEGIN + timedelta(seconds=seconds)).isoformat()


def happened(seconds: float, **event: Any) -> Any:
    return ParseDict({"timestamp": moment(seconds), **event}, protos.HistoryEvent())


def raw(**fields: Any) -> InstanceState:
    """Return a state, from the form that the engine gives it."""
    defaults = {
        "instanceId": "hello-1",
        "name": "hello_workflow",
        "workflowStatus": "ORCHESTRATION_STATUS_RUNNING",
        "createdTimestamp": moment(0),
        "lastUpdatedTimestamp": moment(10),
        "input": '{"hello_id": "1", "user_name": "ada"}',
    }
    return InstanceState.from_proto(ParseDict(defaults | fields, protos.WorkflowState()))


def shown(state: InstanceState, facts: ExecutionInfo | None = None, **more: Any) -> InstanceDetail:
    arguments = {
        "facts": facts or ExecutionInfo(),
        "why": [],
        "definition": DEFINITION,
        "rerun_of": None,
        "jaeger_url": None,
        "now": BEGIN + timedelta(seconds=60),
    }
    return detail_of(state, **arguments | more)


def test_a_running_instance_has_an_input_by_its_model_and_no_output() -> None:
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


def test_a_completed_one_has_its_output_and_the_time_that_it_took() -> None:
    ended = execution_info_of([happened(5, executionCompleted={})])
    state = raw(workflowStatus="ORCHESTRATION_STATUS_COMPLETED", output='{"greetings": ["Hello"]}')
    detail = shown(state, ended)
    assert detail.output == {"greetings": ["Hello"], "compensated": False}
    assert (detail.completed_at, detail.duration_seconds) == (BEGIN + timedelta(seconds=5), 5)
    # Without a history, its last change was its end.
    assert shown(state).duration_seconds == 10


def test_what_is_not_of_todays_model_is_shown_as_it_is() -> None:
    state = raw(
        workflowStatus="ORCHESTRATION_STATUS_COMPLETED", input='{"name": 1}', output='{"all": 2}'
    )
    detail = shown(state)
    assert (detail.input, detail.output) == ({"name": 1}, {"all": 2})


def test_a_child_is_shown_by_its_own_name_and_as_plain_json() -> None:
    started = {
        "name": "hello_child_workflow",
        "parentInstance": {"workflowInstance": {"instanceId": "hello-1"}},
    }
    facts = execution_info_of([happened(0, executionStarted=started)])
    detail = shown(raw(name="hello_child_workflow", input='"ada"'), facts, definition=None)
    assert (detail.workflow, detail.input, detail.parent) == (
        "hello_child_workflow",
        "ada",
        "hello-1",
    )


def test_a_failed_one_says_why() -> None:
    detail = shown(
        raw(
            workflowStatus="ORCHESTRATION_STATUS_FAILED",
            output="not a result",
            failureDetails={"errorType": "ValueError", "errorMessage": "broken"},
        )
    )
    assert (detail.status, detail.error, detail.output) == (RuntimeStatus.FAILED, "broken", None)


@pytest.mark.parametrize("given", ["enough", '{"reason": "enough"}', '"enough"'])
def test_a_terminated_one_says_why(given: str) -> None:
    facts = execution_info_of([happened(1, executionTerminated={"input": given})])
    state = raw(workflowStatus="ORCHESTRATION_STATUS_TERMINATED", output=given)
    assert shown(state, facts).error == "enough"


def test_a_status_of_another_form_is_none() -> None:
    assert shown(raw(customStatus="half done")).custom_status is None
    told = shown(raw(customStatus=json.dumps({"step": "rest", "message": "Resting"})))
    assert told.custom_status is not None
    assert told.custom_status.step == "rest"


def test_every_status_of_the_engine_is_known() -> None:
    for name, _ in protos.OrchestrationStatus.items():
        assert raw(workflowStatus=name).status in RuntimeStatus
    assert raw(workflowStatus="ORCHESTRATION_STATUS_STALLED").status is RuntimeStatus.STALLED


def test_versions_patches_and_children_are_gathered() -> None:
    def began(**version: Any) -> Any:
        return happened(0, workflowStarted={"version": version})

    def child(name: str) -> Any:
        return happened(1, childWorkflowInstanceCreated={"instanceId": name})

    history = [began(name="v1"), child("a"), began(patches=["p"]), child("b"), child("a")]
    facts = execution_info_of([*history, began(patches=["p", "q"])])
    assert (facts.version, facts.patches, facts.children) == ("v1", ["p", "q"], ["a", "b"])
    assert shown(raw(version="v0"), facts).version == "v1"
    assert shown(raw(version="v0")).version == "v0"


def test_a_trace_has_a_link_where_jaeger_is() -> None:
    context = {"traceParent": f"00-{TRACE}-e910bba9f1740b41-01"}
    facts = execution_info_of([happened(0, executionStarted={"parentTraceContext": context})])
    assert shown(raw(), facts).trace_id == TRACE
    assert shown(raw(), facts).trace_url is None
    linked = shown(raw(), facts, jaeger_url="http://localhost:16686/")
    assert linked.trace_url == f"http://localhost:16686/trace/{TRACE}"
    assert shown(raw(), jaeger_url="http://localhost:16686").trace_url is None


def test_what_goes_on_for_ever_says_itself_which_trace_it_was_started_in() -> None:
    def begun(given: str) -> Any:
        return execution_info_of([happened(0, executionStarted={"input": given})])

    given = json.dumps({"url": "x", "started_in": f"00-{TRACE}-e910bba9f1740b41-00"})
    assert begun(given).trace_id == TRACE
    for other in ("", "null", '"ada"', '{"started_in": 5}', '{"started_in": "00-0"}'):
        assert begun(other).trace_id is None


@pytest.mark.parametrize("begins_with", ["taskScheduled", "timerCreated"])
def test_a_rerun_names_what_it_repeats_and_counts_from_where_it_began(begins_with: str) -> None:
    first = {"rerunParentInstanceInfo": {"instanceID": "hello-0"}}
    copied = [happened(0, executionStarted={}), happened(1, taskScheduled={"name": "greet"})]
    facts = execution_info_of([*copied, happened(40, **{begins_with: first})])
    assert shown(raw(), facts).rerun_of == "hello-0"
    assert shown(raw(), facts).duration_seconds == 20
    assert shown(raw(), execution_info_of(copied)).rerun_of is None
