"""What a history keeps of a failure is its type and a bounded message."""

from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from orchestrator.dapr_sdk.failures import MAX_MESSAGE_BYTES, ShortFailures, shorten
from orchestrator.dapr_sdk.private import helpers, protos


def raised(message: str) -> Any:
    """Return the details of an error that was raised, as the SDK makes them."""
    try:
        raise ValueError(message) from OSError("the cause")
    except ValueError as error:
        return helpers.new_failure_details(error)


def deliver(method: str, request: Any) -> Any:
    """Return what is sent where the worker delivers a result."""
    sent: list[Any] = []
    details: Any = SimpleNamespace(method=f"/TaskHubSidecarService/{method}")
    ShortFailures().intercept_unary_unary(lambda _, message: sent.append(message), details, request)
    return sent[0]


def test_the_sdk_puts_the_traceback_into_the_details() -> None:
    """Where it no longer does, this module can go."""
    assert "in raised" in raised("lost").stackTrace.value


def test_a_failed_activity_is_delivered_without_its_traceback() -> None:
    sent = deliver("CompleteActivityTask", protos.ActivityResponse(failureDetails=raised("lost")))
    assert (sent.failureDetails.errorType, sent.failureDetails.errorMessage) == (
        "ValueError",
        "lost",
    )
    assert not sent.failureDetails.HasField("stackTrace")


def test_a_failed_workflow_is_delivered_without_its_traceback_which_is_logged() -> None:
    failed = helpers.new_complete_workflow_action(
        1, protos.ORCHESTRATION_STATUS_FAILED, None, raised("alice@example.com is away")
    )
    request = protos.WorkflowResponse(instanceId="ask-1", actions=[failed])
    with capture_logs() as logs:
        sent = deliver("CompleteOrchestratorTask", request)
    [action] = sent.actions
    assert not action.completeWorkflow.failureDetails.HasField("stackTrace")
    [line] = logs
    assert (line["instance"], line["error"]) == ("ask-1", "ValueError")
    assert "in raised" in line["stack"]
    assert "alice" not in str({**line, "stack": ""})


def test_a_result_is_delivered_as_it_is() -> None:
    for method, request in (
        ("CompleteActivityTask", protos.ActivityResponse(instanceId="ask-1")),
        ("CompleteOrchestratorTask", protos.WorkflowResponse(instanceId="ask-1")),
        ("Hello", object()),
    ):
        assert deliver(method, request) is request


@pytest.mark.parametrize("character", ["x", "é", "€", "😀"])
def test_a_long_message_is_cut_between_characters(character: str) -> None:
    details = raised(character * 10_000)
    shorten(details)
    message = details.errorMessage
    assert len(message.encode()) <= MAX_MESSAGE_BYTES
    assert message.rstrip("… (cut)") == character * len(message.removesuffix("… (cut)"))
    assert message.endswith("… (cut)")


def test_a_short_message_is_kept() -> None:
    details = raised("x" * MAX_MESSAGE_BYTES)
    shorten(details)
    assert details.errorMessage == "x" * MAX_MESSAGE_BYTES
