"""Research, over the API."""

import asyncio
from typing import Any

from support.system import System, eventually, somebody, unique

KNOWN = "How does an idempotency key make a retry safe?"
OBSCURE = "Does a durable timer notice a leap second?"


async def start(system: System, **request: Any) -> str:
    fields = {"research_id": unique(), "question": KNOWN, "requester": somebody(), **request}
    return await system.start("/research", **fields)


async def read(system: System, path: str) -> dict[str, Any]:
    answer = await system.orchestrator.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def next_wait(system: System, instance: str, before: dict[str, Any]) -> dict[str, Any]:
    """Return the wait for a review that comes after another one."""

    async def look() -> dict[str, Any] | None:
        wait = await system.waiting(instance, "review")
        return wait if wait["id"] != before["id"] else None

    return await eventually(look, f"{instance} to wait for another review")


async def test_a_confident_answer_needs_no_review(
    system: System,
) -> None:
    requester = somebody()
    instance = await start(system, requester=requester)
    output = (await system.finished(instance))["output"]
    assert output["status"] == "completed"
    assert output["confidence"] >= 80
    assert output["reviewer"] is None
    assert output["report"] == f"/research/{instance}/report"

    report = await read(system, output["report"])
    assert report["question"] == KNOWN
    assert "[1]" in report["text"]
    assert report["citations"] == output["citations"]
    assert {c.partition("/")[0] for c in report["citations"]} >= {"handbook", "glossary"}
    [message] = await system.inbox(requester)
    assert message["key"] == f"{instance}:notify"
    assert output["report"] in message["body"]


async def test_a_doubtful_answer_is_reviewed(system: System) -> None:
    requester, reviewer = somebody(), somebody()
    instance = await start(system, question=OBSCURE, requester=requester, reviewer=reviewer)
    wait = await system.waiting(instance, "review")
    assert wait["assigned_to"] == reviewer
    assert await system.held(reviewer) == [f"{instance}:assign"]
    await system.at_step(instance, "review")
    [message] = await system.inbox(reviewer)
    assert f"/research/{instance}/drafts/1" in message["body"]
    draft = await read(system, f"/research/{instance}/drafts/1")
    assert draft["confidence"] < 80
    nothing = await system.orchestrator.get(f"/research/{instance}/report")
    assert nothing.status_code == 404

    sent = await system.send(instance, "review", decision="approve", reviewer=reviewer)
    assert sent.status_code == 200
    output = (await system.finished(instance))["output"]
    assert (output["status"], output["reviewer"]) == ("completed", reviewer)
    assert await read(system, output["report"]) == draft
    assert await system.held(reviewer) == []
    assert len(await system.inbox(requester)) == 1
    late = await system.orchestrator.post(
        f"/research/{instance}/review", json={"decision": "reject", "reviewer": reviewer}
    )
    assert late.status_code == 409


async def test_a_note_is_found_by_the_revision_that_asks_for_it(system: System) -> None:
    reviewer, note, word = somebody(), unique("note"), unique("zürich")
    instance = await start(system, question=f"Who keeps {word}?", reviewer=reviewer)
    first = await system.waiting(instance, "review")
    text = f"Anna keeps {word} in Basel."
    put = await system.orchestrator.put(f"/notes/{note}", json={"title": "Keys", "text": text})
    assert put.status_code == 201
    revise = {"decision": "revise", "reviewer": reviewer, "comment": "See the notes"}
    assert (await system.send(instance, "review", **revise)).status_code == 200
    await next_wait(system, instance, first)

    draft = await read(system, f"/research/{instance}/drafts/2")
    assert f"notes/{note}" in draft["citations"]
    assert text in draft["text"]
    assert draft["comments"] == ["See the notes"]
    await system.send(instance, "review", decision="approve", reviewer=reviewer)
    output = (await system.finished(instance))["output"]
    assert (output["status"], output["rounds"]) == ("completed", 2)
    keys = [message["key"] for message in await system.inbox(reviewer)]
    assert sorted(keys) == [f"{instance}:review:1", f"{instance}:review:2"]


async def test_a_review_of_one_draft_is_never_taken_for_the_next(system: System) -> None:
    instance = await start(system, question=OBSCURE, reviewer="bob")
    first = await system.waiting(instance, "review")

    async def review(decision: str) -> int:
        path, body = f"/instances/{instance}/events/review", {"decision": decision}
        answer = await system.orchestrator.post(
            path, json={**body, "reviewer": "bob"}, params={"wait_id": first["id"]}
        )
        return answer.status_code

    assert await review("revise") == 200
    await next_wait(system, instance, first)
    # The repeat is one, and what comes late is late: neither is the review of the second draft.
    assert (await review("revise"), await review("approve")) == (200, 409)
    assert (await system.status(instance))["status"] == "RUNNING"
    await system.send(instance, "review", decision="reject", reviewer="bob")
    assert (await system.finished(instance))["output"]["rounds"] == 2


async def test_of_two_concurrent_reviews_one_is_accepted(system: System) -> None:
    instance = await start(system, question=OBSCURE, reviewer=somebody())
    await system.waiting(instance, "review")
    decisions = ("approve", "reject")
    answers = await asyncio.gather(
        *(system.send(instance, "review", decision=d, reviewer="bob") for d in decisions)
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    [taken] = [d for d, answer in zip(decisions, answers, strict=True) if answer.is_success]
    output = (await system.finished(instance))["output"]
    assert output["status"] == {"approve": "completed", "reject": "rejected"}[taken]


async def test_a_review_expires_after_its_deadline(system: System) -> None:
    requester, reviewer = somebody(), somebody()
    instance = await start(
        system, question=OBSCURE, requester=requester, reviewer=reviewer, review_seconds=1
    )
    output = (await system.finished(instance))["output"]
    assert (output["status"], output["report"]) == ("expired", None)
    assert await system.held(reviewer) == []
    assert "expired" in (await system.inbox(requester))[0]["subject"]


async def test_a_failed_source_is_left_out(system: System) -> None:
    instance = await start(system, simulate="source_fails")
    output = (await system.finished(instance))["output"]
    assert output["status"] == "completed"
    assert list(output["failed_sources"]) == ["notes"]
    assert (await read(system, output["report"]))["failed_sources"] == ["notes"]


async def test_research_without_any_source_fails_with_the_reason(system: System) -> None:
    instance = await start(system, simulate="all_sources_fail")
    output = (await system.finished(instance))["output"]
    assert output["status"] == "failed"
    assert "injected failure: source handbook" in output["message"]
    assert set(output["failed_sources"]) >= {"handbook", "glossary", "notes"}


async def test_a_question_without_words_is_rejected(system: System) -> None:
    instance = await start(system, question="???")
    assert (await system.finished(instance))["output"]["status"] == "rejected"


async def test_another_question_under_the_same_id_is_refused(system: System) -> None:
    name = unique()
    request = {"research_id": name, "question": KNOWN, "requester": "ann"}
    assert (await system.orchestrator.post("/research", json=request)).status_code == 202
    assert (await system.orchestrator.post("/research", json=request)).status_code == 200
    other = {**request, "question": OBSCURE}
    assert (await system.orchestrator.post("/research", json=other)).status_code == 409


async def test_a_malformed_review_is_refused(system: System) -> None:
    instance = await start(system, question=OBSCURE, reviewer=somebody())
    await system.waiting(instance, "review")
    refused = await system.send(instance, "review", decision="maybe", reviewer="bob")
    assert refused.status_code == 422
    await system.send(instance, "review", decision="reject", reviewer="bob")
    await system.finished(instance)


async def test_drafts_and_reports_of_unknown_instances_are_not_found(system: System) -> None:
    paths = (
        f"/research/research-{unique()}/report",
        "/research/a%00b/drafts/1",
        "/research/research-1/drafts/4",
    )
    for path in paths:
        assert (await system.orchestrator.get(path)).status_code == 404


async def test_a_note_is_written_read_and_removed(system: System) -> None:
    path, note = f"/notes/{unique()}", {"title": "Tea", "text": "Brewed at 80 °C.\nNot more."}
    assert (await system.orchestrator.get(path)).status_code == 404
    assert (await system.orchestrator.put(path, json=note)).status_code == 201
    assert (await system.orchestrator.put(path, json=note)).status_code == 200
    assert (await system.orchestrator.get(path)).json() == note
    assert (await system.orchestrator.delete(path)).status_code == 204
    assert (await system.orchestrator.delete(path)).status_code == 204
    assert (await system.orchestrator.get(path)).status_code == 404
    for wrong in ({"title": "", "text": "t"}, {"title": "t", "text": "x" * 1_001}):
        assert (await system.orchestrator.put(path, json=wrong)).status_code == 422
