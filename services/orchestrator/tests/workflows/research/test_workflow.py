"""Research from question to report, in the test kit."""

import pytest

from orchestrator.toolkit.messages import ASSIGN_TASK, SEND_NOTIFICATION
from orchestrator.toolkit.peer_errors import PeerUnreachable
from orchestrator.workflows.research.models import DELIVER_REPORT, PLAN_RESEARCH, WRITE_DRAFT
from workflows.research.world import World, notified


def test_a_confident_answer_is_delivered_without_a_review() -> None:
    run = World(80).run()
    assert run.output == {
        "research_id": "1",
        "status": "completed",
        "message": "The confidence is 80 %",
        "report": "/research/research-1/report",
        "confidence": 80,
        "citations": ["handbook/1", "glossary/1", "notes/1"],
        "failed_sources": {},
        "rounds": 1,
        "reviewer": None,
    }
    assert notified(run) == {"research-1:notify": "ann@x.org"}
    assert "/research/research-1/report" in run.inputs(SEND_NOTIFICATION)[0]["body"]
    assert run.inputs(DELIVER_REPORT) == [
        {"key": "research-1:report", "draft": "research-1:draft:1"}
    ]


def test_a_rejected_question_ends_it() -> None:
    world = World(90)
    world.rejection = "no word"
    run = world.run()
    assert (run.output["status"], run.output["message"]) == ("rejected", "no word")
    assert run.called() == [PLAN_RESEARCH]


def test_a_failed_notification_of_the_requester_keeps_the_report() -> None:
    world = World(90)
    world.unreachable = {"ann@x.org"}
    run = world.run()
    assert run.output["status"] == "completed"
    assert run.output["report"]
    assert "ann@x.org could not be notified: no such mailbox" in run.output["message"]


def test_of_a_long_error_the_beginning_is_in_the_result() -> None:
    world = World(10)
    world.broken = {WRITE_DRAFT}
    world.error = "x" * 1_000
    message = world.run().output["message"]
    assert message == "No draft was written: " + "x" * 300


def test_a_long_question_is_a_title_of_200_characters_for_the_reviewer() -> None:
    [step] = World(10).run(question="Why? " * 100).inputs(ASSIGN_TASK)
    title = step["request"]["title"]
    assert (len(title), title[:13]) == (200, "Review: Why? ")


def test_a_language_model_that_is_away_is_waited_for() -> None:
    world = World(95)
    world.outages = [PeerUnreachable("language model", "503 overloaded") for _ in range(8)]
    run = world.run()
    assert run.output["status"] == "completed"
    [wait] = run.children
    assert wait.progress[-1].message.startswith(
        "Waiting for the language model: unreachable since 2026-01-01T00:00:00Z, next attempt at "
    )


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (PLAN_RESEARCH, "It could not be planned"),
        (WRITE_DRAFT, "No draft was written"),
        (ASSIGN_TASK, "Nobody can review the draft"),
        (DELIVER_REPORT, "It could not be kept"),
    ],
)
def test_a_permanent_failure_of_a_step_ends_it_as_failed(broken: str, said: str) -> None:
    world = World(95 if broken == DELIVER_REPORT else 10)
    world.broken = {broken}
    run = world.run()
    assert run.output["status"] == "failed"
    assert run.output["message"].startswith(f"{said}: ")
    assert f"{broken} is broken" in run.output["message"]
    assert run.output["report"] is None
