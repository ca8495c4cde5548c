"""Who gets an event in, and who is told that it is too late."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel
from unit_support.untraced import NO_ORIGINS

from contracts.orchestrator import Progress, Wait
from contracts.problems import ProblemType
from orchestrator.engine.event_delivery import Events
from orchestrator.toolkit.accepted_events import AcceptedEvents
from orchestrator.toolkit.definition import Event
from servicekit.problems import ProblemError
from servicekit.testing import MemoryStateStore


class Answer(BaseModel):
    """What somebody says."""

    text: str


ANSWER = Event(name="answer", payload=Answer, description="An answer")
KEYED = Event(name="answer", payload=Answer, description="One a text", key_field="text")
WAITS = Progress(step="ask", message="Asking", waits=[Wait(id="answer.1", event="answer")])


class FakeEngine:
    """Has one instance, and keeps the events that are raised."""

    def __init__(self, status: str = "RUNNING", progress: Progress | None = WAITS) -> None:
        self.status = status
        self.progress = progress
        self.raised: list[Any] = []
        self.down = False

    async def state(self, _: str) -> Any:
        return SimpleNamespace(
            runtime_status=SimpleNamespace(name=self.status),
            serialized_custom_status=self.progress and self.progress.model_dump_json(),
        )

    async def raise_event(self, _: str, __: str, data: BaseModel) -> None:
        if self.down:
            raise ProblemError(ProblemType.UNAVAILABLE, "down")
        self.raised.append(data.model_dump())


def events(engine: FakeEngine, store: MemoryStateStore | None = None) -> Events:
    return Events(engine, AcceptedEvents(store or MemoryStateStore()), NO_ORIGINS)  # type: ignore[arg-type]


async def refused(call: Any) -> ProblemError:
    with pytest.raises(ProblemError) as error:
        await call
    return error.value


async def test_what_is_waited_for_is_raised_with_its_wait() -> None:
    engine = FakeEngine()
    await events(engine).deliver("i", ANSWER, Answer(text="yes"))
    assert engine.raised == [{"wait": "answer.1", "payload": {"text": "yes"}}]


async def test_of_many_at_once_one_is_accepted() -> None:
    engine = FakeEngine()
    door = events(engine)
    answers = await asyncio.gather(
        *(door.deliver("i", ANSWER, Answer(text=str(n))) for n in range(20)),
        return_exceptions=True,
    )
    [winner] = [n for n, answer in enumerate(answers) if answer is None]
    assert {e["payload"]["text"] for e in engine.raised} == {str(winner)}
    assert {a.type for a in answers if isinstance(a, ProblemError)} == {ProblemType.ALREADY_DECIDED}


async def test_who_is_late_raises_again_what_was_accepted() -> None:
    engine, store = FakeEngine(), MemoryStateStore()
    engine.down = True
    first = await refused(events(engine, store).deliver("i", ANSWER, Answer(text="yes")))
    assert first.type is ProblemType.UNAVAILABLE
    engine.down = False
    second = await refused(events(engine, store).deliver("i", ANSWER, Answer(text="no")))
    assert second.type is ProblemType.ALREADY_DECIDED
    assert "yes" in second.detail
    assert [e["payload"]["text"] for e in engine.raised] == ["yes"]


async def test_after_a_wait_was_closed_nothing_is_accepted() -> None:
    engine, store = FakeEngine(), MemoryStateStore()
    await AcceptedEvents(store).accept_once("i", "answer.1", None)
    late = await refused(events(engine, store).deliver("i", ANSWER, Answer(text="yes")))
    assert late.type is ProblemType.ALREADY_DECIDED
    assert engine.raised == []


async def test_a_keyed_event_is_accepted_once_for_each_key() -> None:
    engine = FakeEngine()
    door = events(engine)
    for text in ("passport", "contract"):
        await door.deliver("i", KEYED, Answer(text=text))
    again = await refused(door.deliver("i", KEYED, Answer(text="passport")))
    assert again.type is ProblemType.ALREADY_DECIDED


@pytest.mark.parametrize("progress", [None, Progress(step="ask", message="Asking")])
async def test_what_is_not_waited_for_is_refused(progress: Progress | None) -> None:
    engine = FakeEngine(progress=progress)
    error = await refused(events(engine).deliver("i", ANSWER, Answer(text="yes")))
    assert error.type is ProblemType.NOT_WAITING


@pytest.mark.parametrize("status", ["COMPLETED", "FAILED", "TERMINATED"])
async def test_what_has_ended_takes_nothing(status: str) -> None:
    engine = FakeEngine(status)
    error = await refused(events(engine).deliver("i", ANSWER, Answer(text="yes")))
    assert error.type is ProblemType.INSTANCE_FINISHED
    assert engine.raised == []
