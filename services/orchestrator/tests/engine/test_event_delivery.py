"""Which events instances accept, and what is raised again."""

import asyncio
from typing import Any

import pytest
from pydantic import BaseModel
from unit_support.engine import instance_state
from unit_support.untraced import NO_TRACE_CONTEXTS

from contracts.problems import ProblemType
from orchestrator.engine.event_delivery import Events
from orchestrator.schemas.workflows import Progress, Wait
from orchestrator.toolkit.accepted_events import AcceptedEvents
from orchestrator.toolkit.definition import Event
from servicekit.problems import ProblemError
from servicekit.testing import MemoryStateStore


class Answer(BaseModel):
    """What somebody says."""

    text: str
    by: str = ""


ANSWER = Event(name="answer", payload=Answer, description="An answer")
KEYED = Event(name="answer", payload=Answer, description="One a text", key_field="text")
WAITS = Progress(step="ask", message="Asking", waits=[Wait(id="answer.1", event="answer")])
ASKING = instance_state(instance_id="i", progress=WAITS)


class FakeEngine:
    """Keeps the events that are raised."""

    def __init__(self) -> None:
        self.raised: list[Any] = []
        self.down = False

    async def raise_event(self, _: str, __: str, data: BaseModel) -> None:
        if self.down:
            raise ProblemError(ProblemType.UNAVAILABLE, "down")
        self.raised.append(data.model_dump())


def events(engine: FakeEngine, store: MemoryStateStore | None = None) -> Events:
    return Events(engine, AcceptedEvents(store or MemoryStateStore()), NO_TRACE_CONTEXTS)  # type: ignore[arg-type]


async def refused(call: Any) -> ProblemError:
    with pytest.raises(ProblemError) as error:
        await call
    return error.value


async def test_an_accepted_event_is_raised_with_its_wait() -> None:
    engine = FakeEngine()
    await events(engine).deliver(ASKING, ANSWER, Answer(text="yes"))
    assert engine.raised == [{"wait": "answer.1", "payload": {"text": "yes", "by": ""}}]


async def test_of_concurrent_events_one_is_accepted() -> None:
    engine = FakeEngine()
    delivery = events(engine)
    answers = await asyncio.gather(
        *(delivery.deliver(ASKING, ANSWER, Answer(text=str(n))) for n in range(20)),
        return_exceptions=True,
    )
    [winner] = [n for n, answer in enumerate(answers) if answer is True]
    assert {e["payload"]["text"] for e in engine.raised} == {str(winner)}
    assert {a.type for a in answers if isinstance(a, ProblemError)} == {ProblemType.ALREADY_DECIDED}


async def test_a_late_event_raises_the_accepted_one_again() -> None:
    engine, store = FakeEngine(), MemoryStateStore()
    engine.down = True
    first = await refused(events(engine, store).deliver(ASKING, ANSWER, Answer(text="yes")))
    assert first.type is ProblemType.UNAVAILABLE
    engine.down = False
    second = await refused(events(engine, store).deliver(ASKING, ANSWER, Answer(text="no")))
    assert second.type is ProblemType.ALREADY_DECIDED
    assert "yes" in second.detail
    assert [e["payload"]["text"] for e in engine.raised] == ["yes"]


async def test_a_closed_wait_accepts_nothing() -> None:
    engine, store = FakeEngine(), MemoryStateStore()
    await AcceptedEvents(store).accept_once("i", "answer.1", None)
    late = await refused(events(engine, store).deliver(ASKING, ANSWER, Answer(text="yes")))
    assert late.type is ProblemType.ALREADY_DECIDED
    assert engine.raised == []


async def test_a_keyed_event_is_accepted_once_for_each_key() -> None:
    engine = FakeEngine()
    delivery = events(engine)
    for text in ("passport", "contract"):
        await delivery.deliver(ASKING, KEYED, Answer(text=text))
    other = await refused(delivery.deliver(ASKING, KEYED, Answer(text="passport", by="bo")))
    assert other.type is ProblemType.ALREADY_DECIDED
    assert len(engine.raised) == 2


@pytest.mark.parametrize("progress", [None, Progress(step="ask", message="Asking")])
async def test_an_instance_that_does_not_wait_refuses_the_event(progress: Progress | None) -> None:
    state = instance_state(instance_id="i", progress=progress)
    error = await refused(events(FakeEngine()).deliver(state, ANSWER, Answer(text="yes")))
    assert error.type is ProblemType.NOT_WAITING


async def test_a_stalled_instance_refuses_the_event_as_retryable() -> None:
    state = instance_state(instance_id="i", status="STALLED", progress=WAITS)
    error = await refused(events(FakeEngine()).deliver(state, ANSWER, Answer(text="yes")))
    assert (error.type, error.retry_after) == (ProblemType.UNAVAILABLE, 60)


@pytest.mark.parametrize("status", ["COMPLETED", "FAILED", "TERMINATED"])
async def test_an_instance_that_has_ended_refuses_the_event(status: str) -> None:
    engine = FakeEngine()
    state = instance_state(instance_id="i", status=status, progress=WAITS)
    error = await refused(events(engine).deliver(state, ANSWER, Answer(text="yes")))
    assert error.type is ProblemType.INSTANCE_FINISHED
    assert engine.raised == []
