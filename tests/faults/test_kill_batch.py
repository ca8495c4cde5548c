"""The orchestrator is killed in the middle of a batch: what was done is not done again."""

from typing import Any

import pytest

from stack import Stack
from support.stacks import start_again
from support.system import System, eventually, unique

COUNT, PARALLELISM = 100, 10


async def results(system: System, instance: str) -> list[dict[str, Any]]:
    page = await system.orchestrator.get(f"/batches/{instance}/results", params={"limit": COUNT})
    assert page.status_code == 200, page.text
    return page.json()["items"]


@pytest.mark.parametrize("victim", ["orchestrator", "orchestrator-sidecar"])
async def test_a_batch_continues_after_a_kill(stack: Stack, system: System, victim: str) -> None:
    instance = await system.start(
        "/batches",
        batch_id=unique(),
        prefix="sample",
        count=COUNT,
        parallelism=PARALLELISM,
        simulate="slow",
    )

    async def forty_are_done() -> bool | None:
        details = (await system.status(instance))["custom_status"]["details"]
        return True if details["done"] >= 40 else None

    await eventually(forty_are_done, "40 documents to be done")
    before = {r["index"]: r for r in await results(system, instance) if r["status"] == "done"}
    await stack.kill(victim)
    assert 40 <= len(before) < COUNT - PARALLELISM
    await start_again(stack, victim)

    output = (await system.finished(instance))["output"]
    assert (output["status"], output["done"], output["failed"]) == ("completed", COUNT, 0)
    after = {r["index"]: r for r in await results(system, instance)}
    assert all(r["status"] == "done" for r in after.values())
    # Nothing that had a result was processed again, and of the others those in flight at most.
    assert {index: after[index] for index in before} == before
    again = [index for index, result in after.items() if result["attempts"] > 1]
    assert len(again) <= PARALLELISM
