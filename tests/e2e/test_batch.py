"""Document batches, over the API."""

import asyncio
from typing import Any

from support.system import System, unique


async def results_of(system: System, instance: str) -> list[dict[str, Any]]:
    """Return the result of each document, page by page."""
    items: list[dict[str, Any]] = []
    start: int | None = 0
    while start is not None:
        page = await system.orchestrator.get(
            f"/batches/{instance}/results", params={"start": start, "limit": 7}
        )
        assert page.status_code == 200, page.text
        items += page.json()["items"]
        start = page.json()["next"]
    return items


async def upload(system: System, text: str, media_type: str = "text/plain") -> str:
    document = unique("doc")
    body = {"media_type": media_type, "text": text}
    answer = await system.orchestrator.put(f"/documents/{document}", json=body)
    assert answer.status_code == 201, answer.text
    return document


async def test_documents_are_classified_and_summarised(system: System) -> None:
    names = ["invoice", "contract", "report", "letter", "minutes"]
    instance = await system.start(
        "/batches", batch_id=unique(), documents=[f"sample-{name}" for name in names]
    )
    output = (await system.finished(instance))["output"]
    assert output["status"] == "completed"
    assert output["classes"].keys() == {"invoice", "contract", "report", "letter", "other"}
    assert output["classes"]["invoice"]["documents"] == 1
    assert (output["done"], output["failed"], output["failures"]) == (5, 0, [])

    results = await results_of(system, instance)
    assert [r["document_class"] for r in results] == [*names[:4], "other"]
    assert all(r["status"] == "done" and r["attempts"] == 1 for r in results)
    assert "41,870 visits" in results[2]["summary"]


async def test_an_uploaded_document_is_processed(system: System) -> None:
    news = "The bridge over the river is open for carts and horses again."
    html = f"<p>Dear Ada,</p><p>{news}</p><p>Kind regards</p>"
    letter = await upload(system, html, "text/html")
    instance = await system.start("/batches", batch_id=unique(), documents=[letter])
    assert (await system.finished(instance))["output"]["classes"].keys() == {"letter"}
    [result] = await results_of(system, instance)
    assert result["summary"] == news


async def test_a_failed_document_does_not_fail_the_others(system: System) -> None:
    empty, missing = await upload(system, "<script>1</script>", "text/html"), unique("missing")
    documents = ["sample-letter", missing, empty]
    instance = await system.start("/batches", batch_id=unique(), documents=documents)
    state = await system.finished(instance)
    assert state["output"]["status"] == "partial"
    assert (state["output"]["done"], state["output"]["failed"]) == (1, 2)
    assert [(f["index"], f["document_id"]) for f in state["output"]["failures"]] == [
        (1, missing),
        (2, empty),
    ]
    assert state["custom_status"]["details"] == {"done": 1, "failed": 2, "of": 3}
    results = await results_of(system, instance)
    assert [r["status"] for r in results] == ["done", "failed", "failed"]
    assert results[1]["error"] == f"There is no document {missing}"


async def test_an_injected_failure_fails_every_fifth_document(system: System) -> None:
    instance = await system.start(
        "/batches", batch_id=unique(), prefix="sample", count=25, simulate="document_fails"
    )
    output = (await system.finished(instance))["output"]
    assert (output["status"], output["done"], output["failed"]) == ("partial", 20, 5)
    assert [f["index"] for f in output["failures"]] == [4, 9, 14, 19, 24]


async def test_a_batch_that_names_a_document_twice_is_rejected(system: System) -> None:
    instance = await system.start(
        "/batches", batch_id=unique(), documents=["sample-letter", "sample-letter"]
    )
    output = (await system.finished(instance))["output"]
    assert output["status"] == "rejected"
    assert output["message"] == "Document sample-letter is named more than once"
    assert [r["status"] for r in await results_of(system, instance)] == ["failed", "failed"]


async def test_the_same_batch_again_starts_nothing_and_another_is_refused(system: System) -> None:
    request = {"batch_id": unique(), "documents": ["sample-letter"]}
    answers = [await system.orchestrator.post("/batches", json=request) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 200]
    other = {**request, "documents": ["sample-report"]}
    assert (await system.orchestrator.post("/batches", json=other)).status_code == 409


async def test_a_document_is_stored_once(system: System) -> None:
    path, body = f"/documents/{unique('doc')}", {"media_type": "text/plain", "text": "One."}
    first = await asyncio.gather(*(system.orchestrator.put(path, json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in first) == [200, 200, 200, 201]
    refused = await system.orchestrator.put(path, json={**body, "text": "Two."})
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:taskway:problem:key-reused"
    assert (await system.orchestrator.get(path)).json() == body


async def test_the_ids_of_samples_are_reserved(system: System) -> None:
    path = "/documents/sample-letter"
    letter = (await system.orchestrator.get(path)).json()
    assert (await system.orchestrator.put(path, json=letter)).status_code == 200
    for taken in (path, "/documents/sample-of-mine"):
        refused = await system.orchestrator.put(taken, json={"text": "Mine."})
        assert refused.status_code == 409


async def test_a_document_that_is_too_large_is_refused(system: System) -> None:
    path = f"/documents/{unique('doc')}"
    assert (await system.orchestrator.put(path, json={"text": "x" * 70_000})).status_code == 413
    assert (await system.orchestrator.put(path, json={"text": "x" * 60_001})).status_code == 422
    assert (await system.orchestrator.put(path, json={"text": ""})).status_code == 422
    assert (await system.orchestrator.get(path)).status_code == 404


async def test_another_workflows_instance_has_no_results(system: System) -> None:
    answer = await system.orchestrator.post("/start/ada", params={"hello_id": unique()})
    instance = answer.json()["instance_id"]
    assert (await system.orchestrator.get(f"/batches/{instance}/results")).status_code == 404
