"""A wait accepts one payload, and an accepted payload counts."""

from collections.abc import Generator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from dapr.ext.workflow import DaprWorkflowContext
from pydantic import BaseModel

from orchestrator.testing.environment import Run, Send, execute
from orchestrator.toolkit.definition import Definition, Event, Request
from orchestrator.toolkit.progress import report
from orchestrator.toolkit.waits import EventWait

HOUR = timedelta(hours=1)


class Answer(BaseModel):
    """What somebody says."""

    text: str


class Question(Request):
    """What is asked."""

    question_id: str = "1"


class Answers(BaseModel):
    """What was answered in each round."""

    answers: list[str | None]


ANSWER = Event(name="answer", payload=Answer, description="An answer")


def ask_twice(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, Answers]:
    """Ask in two rounds of an hour each."""
    answers = []
    for number in (1, 2):
        event_wait = EventWait(
            ctx, ANSWER, Answer, until=ctx.current_utc_datetime + HOUR, assigned_to="bo"
        )
        report(ctx, f"round {number}", "Waiting for an answer", waits=[event_wait.wait])
        answer = yield from event_wait.receive()
        if answer is None:
            answer = yield from event_wait.close()
        answers.append(answer and answer.text)
    report(ctx, "completed", "Done")
    return Answers(answers=answers)


DEFINITION = Definition(
    name="ask",
    workflow_name="ask_workflow",
    workflow=ask_twice,
    input=Question,
    output=Answers,
    id_field="question_id",
    title="Ask",
    description="Asks twice.",
    path="/ask",
    samples={},
    events=(ANSWER,),
)


def at(minutes: int, text: str, *, lost: bool = False) -> Send:
    return Send(timedelta(minutes=minutes), "answer", {"text": text}, lost=lost)


def ask(*events: Send) -> Run:
    return execute(DEFINITION, Question(), {}, events=events)


def test_each_wait_receives_its_own_event() -> None:
    run = ask(at(1, "yes"), at(2, "no"))
    assert run.output == {"answers": ["yes", "no"]}
    assert run.elapsed == timedelta(minutes=2)


def test_a_wait_without_an_event_times_out() -> None:
    run = ask(at(61, "late"))
    assert run.output == {"answers": [None, "late"]}


def test_waits_without_any_event_time_out() -> None:
    run = ask()
    assert run.output == {"answers": [None, None]}
    assert run.elapsed == 2 * HOUR


def test_an_accepted_event_that_was_lost_counts() -> None:
    assert ask(at(59, "accepted", lost=True)).output == {"answers": ["accepted", None]}


def test_an_event_that_was_raised_twice_counts_once() -> None:
    run = ask(at(1, "yes"), at(1, "yes"))
    # The second of them comes in the second round, as one of its own.
    assert run.output == {"answers": ["yes", "yes"]}
    first, second = (progress.waits[0].id for progress in run.progress[:2])
    assert first != second


def test_an_event_of_another_wait_is_ignored() -> None:
    def workflow(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, bool]:
        event_wait = EventWait(ctx, ANSWER, Answer, id="mine")
        for foreign in (None, "text", {"text": "bare"}, {"wait": "other", "payload": {}}):
            assert event_wait.accept(foreign) is None
        assert event_wait.accept({"wait": "mine", "payload": {"text": "x"}}) == Answer(text="x")
        yield ctx.create_timer(timedelta(seconds=1))
        return True

    from dataclasses import replace

    assert execute(replace(DEFINITION, workflow=workflow), Question(), {}).output is True


def test_a_wait_shows_its_assignee_and_deadline() -> None:
    [wait] = ask(at(1, "yes")).progress[0].waits
    assert (wait.event, wait.assigned_to) == ("answer", "bo")
    assert wait.until is not None
    assert wait.until.isoformat() == "2026-01-01T01:00:00+00:00"


def test_an_instance_that_does_not_wait_accepts_no_event() -> None:
    run = ask(at(1, "yes"), at(2, "no"), at(3, "late"))
    assert [send.payload["text"] for send in run.refused] == ["late"]


@pytest.mark.parametrize("id_", ["round 1", "round/1", "round||1"])
def test_an_id_that_is_no_key_fails_the_workflow(id_: str) -> None:
    def asks(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, None]:
        yield EventWait(ctx, ANSWER, Answer, id=id_).task()

    run = execute(replace(DEFINITION, workflow=asks), Question(), {})
    assert run.error is not None
    assert "String should match pattern" in run.error
