"""How the engine's raw states are read: there is one mapping of Dapr's statuses."""

import json
from datetime import UTC, datetime

import pytest
from unit_support.engine import instance_state

from orchestrator.dapr_sdk.private import protos
from orchestrator.schemas.workflows import TERMINAL, Progress, RuntimeStatus

PREFIX = "ORCHESTRATION_STATUS_"
# What the engine has and the API has no name for.
OTHERS = {"CONTINUED_AS_NEW": RuntimeStatus.RUNNING, "CANCELED": RuntimeStatus.TERMINATED}


@pytest.mark.parametrize("name", [name for name, _ in protos.OrchestrationStatus.items()])
def test_every_status_of_dapr_is_mapped(name: str) -> None:
    short = name.removeprefix(PREFIX)
    state = instance_state(status=short)
    assert state.status == OTHERS.get(short, short)
    assert state.terminal is (state.status in TERMINAL)


def test_a_state_without_payloads_has_none() -> None:
    state = instance_state()
    assert (state.input, state.output, state.progress, state.error) == (None,) * 4
    assert (state.version, state.parent) == (None, None)


def test_a_state_has_its_payloads_and_its_times_in_utc() -> None:
    progress = Progress(step="ask", message="Asking")
    state = instance_state(
        input='{"a": 1}',
        output='"done"',
        progress=progress,
        version="2",
        parentInstanceId="order-1",
        failureDetails={"errorMessage": "broken"},
        lastUpdatedTimestamp="2026-01-01T01:00:00.123456789+01:00",
    )
    assert (state.input, state.output, state.progress) == ('{"a": 1}', '"done"', progress)
    assert (state.version, state.parent, state.error) == ("2", "order-1", "broken")
    assert state.created_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert state.last_updated_at == datetime(2026, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)


def test_a_custom_status_of_another_form_is_no_progress() -> None:
    assert instance_state(customStatus="half done").progress is None


@pytest.mark.parametrize("status", [name for name, _ in protos.OrchestrationStatus.items()])
def test_only_what_completed_has_an_outcome(status: str) -> None:
    state = instance_state(
        status=status.removeprefix(PREFIX), output='{"status": "failed", "message": "It broke"}'
    )
    completed = state.status is RuntimeStatus.COMPLETED
    assert state.outcome == ("failed" if completed else None)


@pytest.mark.parametrize(
    "output",
    [
        None,
        "null",
        '"failed"',
        '["status"]',
        '{"greetings": []}',
        '{"status": null}',
        '{"status": ""}',
        '{"status": 1}',
        '{"status": {"of": "failed"}}',
        json.dumps({"status": "f" * 51}),
        "not JSON",
        "[" * 100_000,
    ],
)
def test_a_result_without_a_short_text_as_its_status_has_no_outcome(output: str | None) -> None:
    assert instance_state(status="COMPLETED", output=output).outcome is None
