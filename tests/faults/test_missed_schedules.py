"""Schedules whose runs were missed while the orchestrator was down."""

import asyncio
from datetime import datetime
from itertools import pairwise

from stack import Stack
from support.stacks import start_again
from support.system import System, eventually, somebody, unique

EVERY = 5
AWAY = 12


async def test_what_was_missed_is_caught_up_once(stack: Stack, system: System) -> None:
    name, assignee = unique(), somebody()
    await system.orchestrator.put(
        f"/schedules/{name}",
        json={
            "workflow": "task",
            "request": {"title": "T", "assignee": assignee},
            "every_seconds": EVERY,
        },
    )
    await stack.kill("orchestrator")
    # Two runs are due meanwhile.
    await asyncio.sleep(AWAY)
    await start_again(stack, "orchestrator")

    async def runs() -> list[datetime] | None:
        answer = await system.assigner.get("/assignments", params={"member": assignee})
        # The assignee is unknown before the first run.
        held = [item["key"] for item in answer.json()["items"]] if answer.is_success else []
        found = sorted(
            datetime.fromisoformat(key.rsplit(":", 1)[0].rsplit(".", 1)[1]) for key in held
        )
        return found if len(found) >= 3 else None

    first, second, *rest = await eventually(runs, "it to run three times")
    await system.orchestrator.delete(f"/schedules/{name}")
    # The first is the one that was due first; the others that were missed are left out.
    assert (second - first).total_seconds() > AWAY - EVERY
    times = [second, *rest]
    assert all((b - a).total_seconds() >= EVERY for a, b in pairwise(times))
    assert len(times) == len(set(times))
