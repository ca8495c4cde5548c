"""A round of research: the search of the sources, and the draft."""

import pytest

from orchestrator.toolkit.messages import ASSIGN_TASK, RELEASE_ASSIGNMENT
from orchestrator.workflows.research.models import DELIVER_REPORT, SEARCH_KNOWLEDGE, WRITE_DRAFT
from workflows.research.world import SOURCES, World, notified, review


def test_the_sources_are_searched_in_parallel() -> None:
    run = World(80).run()
    assert run.called()[1:4] == [SEARCH_KNOWLEDGE] * 3
    assert [step["source"] for step in run.inputs(SEARCH_KNOWLEDGE)] == SOURCES


def test_a_revision_searches_and_writes_by_the_comment() -> None:
    run = World(10, 95).run(
        review("revise", "more on costs", after=60), review("approve", after=120)
    )
    assert run.output["status"] == "completed"
    assert run.output["rounds"] == 2
    assert run.output["confidence"] == 95
    assert [step["question"] for step in run.inputs(SEARCH_KNOWLEDGE)] == [
        *["Why?"] * 3,
        *["Why? more on costs"] * 3,
    ]
    assert [step["comments"] for step in run.inputs(WRITE_DRAFT)] == [[], ["more on costs"]]
    assert run.inputs(DELIVER_REPORT)[0]["draft"] == "research-1:draft:2"
    assert len(run.inputs(ASSIGN_TASK)) == len(run.inputs(RELEASE_ASSIGNMENT)) == 1
    assert list(notified(run)) == [
        "research-1:review:1",
        "research-1:review:2",
        "research-1:notify",
    ]


def test_a_failed_source_is_left_out() -> None:
    run = World(90).run(simulate="source_fails")
    assert run.output["status"] == "completed"
    assert run.output["failed_sources"] == {"notes": "notes is down"}
    assert run.output["citations"] == ["handbook/1", "glossary/1"]
    assert run.inputs(WRITE_DRAFT)[0]["failed_sources"] == ["notes"]
    attempts = [c.at.total_seconds() for c in run.calls if c.input.get("source") == "notes"]
    assert attempts == [0, 1, 3]


def test_the_first_source_can_fail_as_well() -> None:
    world = World(90)
    world.failing = {"handbook"}
    assert world.run().output["citations"] == ["glossary/1", "notes/1"]


@pytest.mark.parametrize("sources", [SOURCES, [*SOURCES, "web"]])
def test_it_fails_without_any_source(sources: list[str]) -> None:
    world = World(90)
    world.sources = sources
    run = world.run(simulate="all_sources_fail")
    assert run.output["status"] == "failed"
    assert all(f"{source}: {source} is down" in run.output["message"] for source in sources)
    assert WRITE_DRAFT not in run.called()
    assert notified(run) == {"research-1:notify": "ann@x.org"}


def test_a_failure_of_all_sources_in_a_revision_ends_it() -> None:
    world = World(10)
    world.sources_fail_after_draft = True
    run = world.run(review("revise"))
    assert run.output["status"] == "failed"
    assert RELEASE_ASSIGNMENT in run.called()
