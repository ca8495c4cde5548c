"""An event that is repeated is answered as the first was, and raised once."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest
from pydantic import BaseModel
from unit_support.engine import instance_state
from unit_support.untraced import NO_TRACE_CONTEXTS

from contracts.problems import ProblemType
from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.engine.event_delivery import Events
from orchestrator.schemas.workflows import Progress, RuntimeStatus, Wait
from orchestrator.toolkit.accepted_events import AcceptedEvent, AcceptedEvents
from orchestrator.toolkit.definition import Event
from servicekit.problems import ProblemError
from servicekit.state import StoreUnavailable
from servicekit.testing import MemoryStateStore


class Answer(BaseModel):
    """What somebody says."""

    text: str
    comment: str = ""


ANSWER = Event(name="answer", payload=Answer, description="An answer")
YES, NO = Answer(text="yes"), Answer(text="no")


def asking(wait: str = "answer.1") -> InstanceState:
    waits = [Wait(id=wait, event="answer")]
    progress = Progress(step="ask", message="Asking", waits=waits)
    return replace(instance_state(instance_id="i", progress=progress), input="{}")


ASKING = asking()
GOING_ON = replace(ASKING, progress=Progress(step="next", message="Going on"))
ENDED = replace(ASKING, status=RuntimeStatus.COMPLETED, progress=None)
STALLED = replace(ASKING, status=RuntimeStatus.STALLED)
LATER = [ASKING, GOING_ON, ENDED, STALLED, asking("answer.2")]


class Engine:
    """Keeps what is raised; each of the next `failures` calls fails."""

    def __init__(self) -> None:
        self.raised: list[str] = []
        self.failures = 0

    async def raise_event(self, _: str, __: str, data: BaseModel) -> None:
        if self.failures > 0:
            self.failures -= 1
            raise ProblemError(ProblemType.UNAVAILABLE, "down")
        self.raised.append(data.model_dump()["payload"]["text"])


class World:
    """Events of one instance."""

    def __init__(self) -> None:
        self.store, self.engine = MemoryStateStore(), Engine()
        self.accepted = AcceptedEvents(self.store)
        self.events = Events(self.engine, self.accepted, NO_TRACE_CONTEXTS)  # type: ignore[arg-type]

    async def send(
        self,
        payload: Answer = YES,
        state: InstanceState = ASKING,
        by: str | None = "dana",
        wait_id: str | None = None,
    ) -> bool:
        return await self.events.deliver(state, ANSWER, payload, by, wait_id=wait_id)

    async def refused(
        self, payload: Answer = YES, state: InstanceState = ASKING, by: str | None = "dana"
    ) -> ProblemType:
        with pytest.raises(ProblemError) as error:
            await self.send(payload, state, by)
        return error.value.type


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("state", LATER[:4], ids=["waiting", "going on", "ended", "stalled"])
async def test_a_repeat_succeeds_as_the_first_did_and_raises_nothing(
    world: World, state: InstanceState
) -> None:
    assert await world.send()
    for _ in range(3):
        assert not await world.send(state=state)
    assert world.engine.raised == ["yes"]


async def test_the_same_event_many_times_at_once_succeeds_each_time(world: World) -> None:
    accepted = await asyncio.gather(*(world.send() for _ in range(20)))
    assert accepted.count(True) == 1
    assert set(world.engine.raised) == {"yes"}
    raised = len(world.engine.raised)
    await world.send()
    assert len(world.engine.raised) == raised


@pytest.mark.parametrize("state", LATER[:4], ids=["waiting", "going on", "ended", "stalled"])
@pytest.mark.parametrize(("payload", "by"), [(NO, "dana"), (YES, "eve")])
async def test_another_payload_or_person_is_refused(
    world: World, state: InstanceState, payload: Answer, by: str
) -> None:
    await world.send()
    assert (await world.refused(payload, state, by)) in (
        ProblemType.ALREADY_DECIDED,
        ProblemType.NOT_WAITING,
        ProblemType.INSTANCE_FINISHED,
        ProblemType.UNAVAILABLE,
    )
    assert world.engine.raised == ["yes"]


async def test_the_same_payload_is_taken_by_a_later_wait_as_well(world: World) -> None:
    assert await world.send()
    assert await world.send(state=asking("answer.2"))
    assert world.engine.raised == ["yes", "yes"]
    assert not await world.send(state=ENDED)


@pytest.mark.parametrize("state", LATER, ids=["waiting", "next", "ended", "stalled", "again"])
async def test_a_repeat_for_a_named_wait_is_one_whatever_the_instance_does(
    world: World, state: InstanceState
) -> None:
    assert await world.send(wait_id="answer.1")
    assert not await world.send(state=state, wait_id="answer.1")
    assert world.engine.raised == ["yes"]


async def test_a_late_event_for_a_named_wait_is_not_taken_by_a_later_wait(world: World) -> None:
    with pytest.raises(ProblemError, match=r"answer by the wait answer\.1 now"):
        await world.send(state=asking("answer.2"), wait_id="answer.1")
    assert world.engine.raised == []
    assert await world.send(state=asking("answer.2"), wait_id="answer.2")


async def test_a_repeat_without_a_name_is_the_one_with_a_name(world: World) -> None:
    await world.send(by=None)
    assert not await world.send(by="dana")
    assert await world.refused(NO, by=None) is ProblemType.ALREADY_DECIDED


@pytest.mark.parametrize("after", range(5))
@pytest.mark.parametrize("landed", [True, False])
async def test_a_lost_answer_of_the_store_never_becomes_a_conflict(
    world: World, after: int, landed: bool
) -> None:
    world.store.writes_until_crash, world.store.crash_lands = after, landed
    try:
        await world.send()
    except StoreUnavailable:
        await world.send()
    await world.send()
    await world.send(state=ENDED)
    assert set(world.engine.raised) == {"yes"}
    assert len(world.engine.raised) <= 2
    assert await world.refused(NO) is ProblemType.ALREADY_DECIDED


@pytest.mark.parametrize("payload", [YES, NO])
async def test_what_was_recorded_and_not_raised_is_raised_by_the_next_request(
    world: World, payload: Answer
) -> None:
    world.engine.failures = 1
    assert await world.refused() is ProblemType.UNAVAILABLE
    if payload == YES:
        assert not await world.send(payload)
    else:
        assert await world.refused(payload) is ProblemType.ALREADY_DECIDED
    assert world.engine.raised == ["yes"]
    assert not await world.send()
    assert world.engine.raised == ["yes"]


async def test_what_was_not_raised_is_raised_while_no_wait_is_shown(world: World) -> None:
    world.engine.failures = 1
    assert await world.refused() is ProblemType.UNAVAILABLE
    assert not await world.send(state=GOING_ON)
    assert world.engine.raised == ["yes"]


async def test_nothing_is_raised_for_an_instance_that_has_ended(world: World) -> None:
    world.engine.failures = 1
    await world.refused()
    assert not await world.send(state=ENDED)
    assert world.engine.raised == []


async def test_a_payload_that_lost_is_no_repeat_once_the_wait_is_over(world: World) -> None:
    await world.send()
    await world.refused(NO)
    assert await world.refused(NO, GOING_ON) is ProblemType.NOT_WAITING
    assert await world.refused(NO, ENDED) is ProblemType.INSTANCE_FINISHED


async def test_a_payload_of_an_earlier_release_that_is_valid_no_more_is_another(
    world: World,
) -> None:
    await world.accepted.accept_once("i", "answer.1", {"words": "yes"})
    await world.accepted.mark_raised("i", "answer.1")
    assert await world.refused() is ProblemType.ALREADY_DECIDED


async def test_a_payload_that_came_after_the_time_is_no_repeat(world: World) -> None:
    await world.accepted.accept_once("i", "answer.1", None)
    assert await world.refused() is ProblemType.ALREADY_DECIDED
    assert await world.refused(state=ENDED) is ProblemType.INSTANCE_FINISHED


async def test_a_record_from_before_the_sender_was_kept_is_compared_by_its_payload(
    world: World,
) -> None:
    class Older(BaseModel):
        """A record without sender and mark, of a payload without the comment."""

        payload: dict[str, str]

    await world.store.put("decision:i:answer.1", Older(payload={"text": "yes"}), None)
    assert not await world.send()
    assert world.engine.raised == ["yes"]
    assert not await world.send()
    assert world.engine.raised == ["yes"]
    assert await world.refused(NO) is ProblemType.ALREADY_DECIDED
    assert await world.accepted.find("i", "answer.1") == AcceptedEvent(
        payload={"text": "yes"}, raised=True
    )


async def test_who_is_not_admitted_leaves_no_record_and_a_repeat_is_admitted(world: World) -> None:
    def only(holder: str | None) -> Callable[[Wait], object]:
        async def admit(_: Wait) -> None:
            if holder != "dana":
                raise ProblemError(ProblemType.CLAIMED, "claimed")

        return admit

    with pytest.raises(ProblemError):
        await world.events.deliver(ASKING, ANSWER, YES, "dana", only("eve"))  # type: ignore[arg-type]
    assert (world.store.data, world.engine.raised) == ({}, [])
    await world.events.deliver(ASKING, ANSWER, YES, "dana", only("dana"))  # type: ignore[arg-type]
    await world.events.deliver(ASKING, ANSWER, YES, "dana", only("eve"))  # type: ignore[arg-type]
    assert world.engine.raised == ["yes"]


async def test_what_an_earlier_life_accepted_is_no_answer_to_a_later_one(world: World) -> None:
    first = replace(ASKING, input="{}")
    await world.send(state=first)
    assert not await world.send(state=replace(first, status=RuntimeStatus.COMPLETED))
    second = replace(GOING_ON, input='{"$life": 2}')
    assert await world.refused(state=second) is ProblemType.NOT_WAITING
    not_begun = replace(GOING_ON, input=None, status=RuntimeStatus.PENDING)
    assert await world.refused(state=not_begun) is ProblemType.UNAVAILABLE
