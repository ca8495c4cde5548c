"""Reruns of an instance, from its start or from one of its steps."""

from typing import Any

import pytest
from dapr.ext.workflow import UNSET
from unit_support.operated import MAX_EVENT_ID, World

from contracts.problems import ProblemType
from orchestrator.schemas.operations import RerunRequest
from orchestrator.schemas.workflows import RuntimeStatus
from servicekit.problems import ProblemError


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
