"""What every fault test does: many tasks, a fault while they run, and each effect once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from support.system import System, eventually


async def interrupt(
    system: System,
    ids: Sequence[str],
    member: str,
    fault: Callable[[], Awaitable[None]],
) -> None:
    """Start a task for `member` under each id, and make the fault once some are accepted.

    As a client would, it sends again what got no answer, or 'not now'.
    """
    accepted = asyncio.Semaphore(0)

    async def start(task_id: str) -> None:
        async def accept() -> bool | None:
            answer = await system.process(task_id=task_id, title="T", assignee=member)
            return True if answer.is_success else None

        await eventually(accept, f"{task_id} to be accepted")
        accepted.release()

    async with asyncio.TaskGroup() as starts:
        for task_id in ids:
            starts.create_task(start(task_id))
        for _ in range(len(ids) // 4):
            await accepted.acquire()
        await fault()


async def assert_completed(system: System, ids: Sequence[str]) -> None:
    """Every task ends `completed`."""
    for task_id in ids:
        state = await system.finished(f"task-{task_id}")
        assert state["status"] == "COMPLETED", state
        assert state["output"]["status"] == "completed", state


async def assert_each_effect_once(system: System, ids: Sequence[str], member: str) -> None:
    """The member has one assignment and one notification of each task, and no other."""
    assert sorted(await system.held(member)) == sorted(f"task-{i}:assign" for i in ids)
    keys = await system.notification_keys(member)
    assert sorted(keys) == sorted(f"task-{i}:notify" for i in ids)
