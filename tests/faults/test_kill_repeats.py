"""Requests that a kill interrupts are repeated until they succeed, and none is ever refused."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest

from stack import Stack
from support.faults import persist
from support.stacks import restart
from support.system import System, somebody, unique

WHY = {"reason": "to see what happens", "by": "olga"}
DECISION = {"approved": True, "approver": "dana"}


def sent(
    system: System, method: str, path: str, **more: object
) -> Callable[[], Awaitable[httpx.Response]]:
    return lambda: system.orchestrator.request(method, path, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("victim", ["orchestrator", "orchestrator-sidecar"])
async def test_what_a_kill_interrupts_succeeds_when_it_is_repeated(
    stack: Stack, system: System, victim: str
) -> None:
    decided = await asyncio.gather(*(system.purchase() for _ in range(4)))
    terminated = await asyncio.gather(*(system.purchase() for _ in range(2)))
    ended = await asyncio.gather(
        *(
            system.start("/tasks/process", task_id=unique(), title="T", assignee=somebody())
            for _ in range(4)
        )
    )
    await asyncio.gather(*(system.finished(instance) for instance in ended))
    purged, rerun = ended[:2], {instance: unique("again") for instance in ended[2:]}
    requests = [
        *(sent(system, "POST", f"/purchase-orders/{i}/approval", json=DECISION) for i in decided),
        *(sent(system, "POST", f"/instances/{i}/terminate", json=WHY) for i in terminated),
        *(sent(system, "DELETE", f"/instances/{i}", params=WHY) for i in purged),
        *(
            sent(system, "POST", f"/instances/{instance}/rerun", json=WHY | {"new_id": new_id})
            for instance, new_id in rerun.items()
        ),
    ]
    async with asyncio.TaskGroup() as group:
        for number, request in enumerate(requests):
            group.create_task(persist(request, f"request {number} to succeed"))
        group.create_task(restart(stack, victim))

    for instance in decided:
        assert (await system.finished(instance))["output"]["status"] == "approved"
    for instance in terminated:
        assert (await system.status(instance))["status"] == "TERMINATED"
    for instance in purged:
        assert (await system.orchestrator.get(f"/instances/{instance}")).status_code == 410
    for instance, new_id in rerun.items():
        assert (await system.finished(f"task-{new_id}"))["output"]["status"] == "completed"
        assert (await system.status(f"task-{new_id}"))["rerun_of"] == instance
