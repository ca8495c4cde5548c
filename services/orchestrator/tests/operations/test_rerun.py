"""Reruns of an instance, from its start or from one of its steps."""

import asyncio
from contextlib import suppress
from typing import Any

import grpc
import pytest
from dapr.ext.workflow import UNSET
from grpc.aio import AioRpcError, Metadata
from pydantic import BaseModel, ValidationError
from unit_support.operated import World

from contracts.problems import ProblemType
from orchestrator.inspection.rerun_links import RerunLink, RerunLinks
from orchestrator.schemas.operations import (
    MAX_EVENT_ID,
    Operation,
    OperationRequest,
    OperationResult,
    RerunRequest,
)
from orchestrator.schemas.workflows import RuntimeStatus
from servicekit.problems import ProblemError
from servicekit.state import StoreUnavailable

LUCK = {"key": "hello-1:luck", "failures": 0}
DOWN = AioRpcError(grpc.StatusCode.UNAVAILABLE, Metadata(), Metadata(), "refused")


async def rerun(world: World, **given: Any) -> OperationResult:
    request = RerunRequest.model_validate({"reason": "because", "new_id": "2"} | given)
    return await world.operations.rerun("hello-1", request)


async def refused(world: World, **given: Any) -> ProblemError:
    with pytest.raises(ProblemError) as error:
        await rerun(world, **given)
    return error.value


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
    ("event", "given", "passed"),
    [(3, None, UNSET), (3, LUCK, LUCK), (2, {}, {}), (2, {"user_name": "bo"}, {"user_name": "bo"})],
)
async def test_a_rerun_from_a_step_keeps_its_input_unless_another_is_given(
    world: World, event: int, given: dict[str, Any] | None, passed: Any
) -> None:
    world.engine.statuses["hello-1"] = "COMPLETED"
    request = RerunRequest(reason="because", new_id="2", from_event=event, input=given)
    await world.operations.rerun("hello-1", request)
    assert world.engine.inputs == [passed]


@pytest.mark.parametrize("event_id", [-1, MAX_EVENT_ID + 1, 2**63, 10**30, True, 3.5, "3"])
def test_a_number_that_no_event_can_have_is_refused(event_id: Any) -> None:
    with pytest.raises(ValidationError):
        RerunRequest(reason="because", new_id="2", from_event=event_id)


# The fourth is the timer, the fifth and sixth are children; the seventh is none.
@pytest.mark.parametrize(
    ("event_id", "given"), [(0, None), (1, None), (9_999, None), (8, None), (4, {}), (3, {"a": 1})]
)
async def test_a_wrong_step_or_input_is_refused_and_uses_up_no_id(
    world: World, event_id: int, given: dict[str, Any] | None
) -> None:
    world.engine.statuses["hello-1"] = "COMPLETED"
    problem = await refused(world, from_event=event_id, input=given)
    assert problem.type is ProblemType.VALIDATION
    assert (world.engine.calls, await world.links.find("hello-2")) == ([], None)
    assert (await rerun(world, from_event=3)).new_instance_id == "hello-2"


@pytest.mark.parametrize("event_id", [3, 4, 5])
async def test_activities_timers_and_children_can_be_rerun_from(
    world: World, event_id: int
) -> None:
    world.engine.statuses["hello-1"] = "COMPLETED"
    await rerun(world, from_event=event_id)
    assert world.engine.calls == [("rerun", "hello-1")]


async def test_an_empty_input_is_an_input(world: World) -> None:
    world.engine.statuses["hello-1"] = "COMPLETED"
    problem = await refused(world, input={})
    assert problem.type is ProblemType.VALIDATION
    assert [e.field for e in problem.errors] == ["body.input.user_name"]
    assert (world.engine.started, await world.links.find("hello-2")) == ([], None)


async def test_the_problem_of_an_invalid_input_is_short(world: World) -> None:
    world.engine.statuses["hello-1"] = "COMPLETED"
    problem = await refused(world, input={f"k{n}" * 200: 0 for n in range(1_000)})
    assert len(problem.errors) == 20
    assert len(problem.detail) < 2_000
    assert all(len(e.field) <= 200 for e in problem.errors)


async def test_a_rerun_onto_itself_is_refused_and_marks_nothing(world: World) -> None:
    world.engine.statuses["hello-1"] = "COMPLETED"
    for event in (None, 3):
        problem = await refused(world, new_id="1", from_event=event)
        assert problem.type is ProblemType.VALIDATION
    assert await world.links.source_of("hello-1") is None


@pytest.mark.parametrize("event", [None, 3])
async def test_a_repeated_rerun_is_answered_as_the_first_and_starts_nothing(
    world: World, event: int | None
) -> None:
    world.engine.statuses["hello-1"] = "FAILED"
    first = await rerun(world, from_event=event)
    del world.engine.statuses["hello-1"]
    await world.starts.record_purge("hello-1", "olga")
    assert await rerun(world, from_event=event) == first
    assert len(world.engine.started) + len(world.engine.calls) == 1
    assert (await refused(world, from_event=4)).type is ProblemType.INSTANCE_EXISTS
    assert (await refused(world, input={"user_name": "bo"})).type is ProblemType.INSTANCE_EXISTS


@pytest.mark.parametrize("event", [None, 3])
async def test_a_rerun_onto_another_instance_is_refused_and_does_not_mark_it(
    world: World, event: int | None
) -> None:
    world.engine.statuses |= {"hello-1": "COMPLETED", "hello-2": "COMPLETED"}
    for _ in range(2):
        problem = await refused(world, from_event=event)
        assert problem.type is ProblemType.INSTANCE_EXISTS
    assert await world.links.find("hello-2") is None
    assert (world.engine.started, world.engine.calls) == ([], [])


@pytest.mark.parametrize("event", [None, 3])
async def test_an_instance_that_is_started_meanwhile_is_not_marked(
    world: World, event: int | None
) -> None:
    world.engine.statuses["hello-1"] = "COMPLETED"

    async def ask(new_id: str, link: RerunLink) -> tuple[RerunLink, bool]:
        world.engine.started.append(new_id)
        world.engine.statuses[new_id] = "RUNNING"
        return await RerunLinks.ask(world.links, new_id, link)

    world.links.ask = ask  # type: ignore[method-assign]
    assert (await refused(world, from_event=event)).type is ProblemType.INSTANCE_EXISTS
    assert await world.links.find("hello-2") is None


@pytest.mark.parametrize("event", [None, 3])
async def test_the_same_rerun_many_times_at_once_starts_one(
    world: World, event: int | None
) -> None:
    world.engine.statuses["hello-1"] = "COMPLETED"
    results = await asyncio.gather(*(rerun(world, from_event=event) for _ in range(10)))
    assert {result.new_instance_id for result in results} == {"hello-2"}
    assert len(world.engine.started) + len(world.engine.calls) == 1
    assert await world.links.source_of("hello-2") == "hello-1"


async def test_of_different_reruns_at_once_one_is_started(world: World) -> None:
    world.engine.statuses["hello-1"] = "COMPLETED"
    given = [{}, *({"input": {"user_name": f"user-{n}"}} for n in range(9))]
    results = await asyncio.gather(*(rerun(world, **one) for one in given), return_exceptions=True)
    refused = [r.type for r in results if isinstance(r, ProblemError)]
    assert refused == [ProblemType.INSTANCE_EXISTS] * 9
    assert world.engine.started == ["hello-2"]
    assert await world.links.source_of("hello-2") == "hello-1"


async def test_a_start_that_is_refused_uses_up_no_id(world: World) -> None:
    world.engine.statuses["hello-1"] = "COMPLETED"
    world.engine.refusing_start = ProblemError(ProblemType.INSTANCE_EXISTS, "used")
    assert (await refused(world)).type is ProblemType.INSTANCE_EXISTS
    assert await world.links.find("hello-2") is None


@pytest.mark.parametrize("event", [None, 3])
async def test_an_engine_that_does_not_answer_leaves_the_id_to_the_repeat(
    world: World, event: int | None
) -> None:
    world.engine.statuses["hello-1"] = "COMPLETED"
    world.engine.failure = DOWN
    world.engine.refusing_start = ProblemError(ProblemType.UNAVAILABLE, "down")
    assert (await refused(world, from_event=event)).type is ProblemType.UNAVAILABLE
    assert await world.links.source_of("hello-2") is None
    world.engine.failure = world.engine.refusing_start = None
    await rerun(world, from_event=event)
    assert await world.links.source_of("hello-2") == "hello-1"


# The writes are the link that is asked for, the link that is done, and the end of the entry.
@pytest.mark.parametrize("crash", range(3))
@pytest.mark.parametrize("landed", [True, False])
@pytest.mark.parametrize("event", [None, 3])
async def test_a_rerun_that_crashed_is_completed_by_its_repeat(
    world: World, crash: int, landed: bool, event: int | None
) -> None:
    world.engine.statuses["hello-1"] = "COMPLETED"
    world.store.writes_until_crash, world.store.crash_lands = 3 + crash, landed
    with suppress(StoreUnavailable):
        await rerun(world, from_event=event)
    world.store.writes_until_crash = None
    assert (await rerun(world, from_event=event)).new_instance_id == "hello-2"
    assert len(world.engine.started) + len(world.engine.calls) == 1
    assert await world.links.source_of("hello-2") == "hello-1"


async def test_a_link_from_before_it_had_a_state_is_done(world: World) -> None:
    class Older(BaseModel):
        """A link without a state."""

        source: str = "hello-1"
        from_event: int | None = 3
        input: str | None = None

    await world.store.put("rerun:hello-2", Older(), None)
    world.engine.statuses["hello-1"] = "COMPLETED"
    assert await world.links.source_of("hello-2") == "hello-1"
    result = await rerun(world, from_event=3)
    assert (result.new_instance_id, result.status) == ("hello-2", RuntimeStatus.COMPLETED)
    assert world.engine.calls == []


async def test_a_purge_frees_the_id_of_a_rerun(world: World) -> None:
    world.engine.statuses["hello-1"] = "COMPLETED"
    await rerun(world)
    world.engine.statuses["hello-2"] = "COMPLETED"
    why = OperationRequest(reason="because")
    await world.operations.perform(Operation.PURGE, "hello-2", why)
    assert await world.links.find("hello-2") is None


async def test_a_rerun_of_what_never_existed_is_not_recorded(world: World) -> None:
    del world.engine.statuses["hello-1"]
    assert (await refused(world)).type is ProblemType.NOT_FOUND
    assert await world.trail() == []


async def test_a_rerun_of_a_child_is_refused(world: World) -> None:
    world.engine.statuses["hello-1"] = "COMPLETED"
    world.engine.workflow = "hello_child_workflow"
    with pytest.raises(ProblemError) as error:
        await world.operations.rerun("hello-1", RerunRequest(reason="because", new_id="2"))
    assert error.value.type is ProblemType.WRONG_STATE
    assert world.refreshed == []


async def test_a_rerun_from_a_step_takes_no_id_that_was_used_before(world: World) -> None:
    world.engine.statuses["hello-1"] = "COMPLETED"
    world.engine.used.add("hello-2")
    error = await refused(world, from_event=3)
    assert (error.type, world.engine.calls) == (ProblemType.INSTANCE_EXISTS, [])
    # From the start on it is a start, which begins another life where that is possible.
    await rerun(world)
    assert world.engine.started == ["hello-2"]
