"""The list after a restart, and an open stream at shutdown."""

import asyncio
from typing import Any

from stack import Stack
from support.stacks import start_again, terminate_uncut
from support.system import System, eventually, unique


async def test_the_list_is_complete_after_a_kill(stack: Stack, system: System) -> None:
    run = unique("kill")
    started = [
        await system.start("/tasks/process", task_id=f"{run}-{number}", title="")
        for number in range(5)
    ]
    await stack.kill("orchestrator")
    await stack.start("orchestrator")
    await stack.wait_ready("orchestrator")

    async def complete() -> dict[str, Any] | None:
        params = {"id_prefix": f"task-{run}", "status": "COMPLETED"}
        page = (await system.orchestrator.get("/instances", params=params)).json()
        found = [item["instance_id"] for item in page["items"]]
        return page if page["index"]["complete"] and found == started[::-1] else None

    page = await eventually(complete, "the list to be complete")
    assert page["index"]["pending"] == 0


async def test_an_open_stream_does_not_delay_the_shutdown(stack: Stack, system: System) -> None:
    async with system.orchestrator.stream("GET", "/instances/stream") as answer:
        lines = answer.aiter_lines()
        assert await anext(lines) == "event: summary"
        stopping = asyncio.create_task(terminate_uncut(stack, "orchestrator"))
        # Were the service killed meanwhile, the stream would have no end, which is an error.
        async for _ in lines:
            pass
        await stopping
    await start_again(stack, "orchestrator")
