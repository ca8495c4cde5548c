"""What every fault test does: many tasks, a fault while they run, and each effect once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import httpx

from support.system import System, eventually


async def persist(request: Callable[[], Awaitable[httpx.Response]], what: str) -> httpx.Response:
    """Send a request until it succeeds, as a client may, and return the answer.

    It is sent again after a lost connection and after 503, which says when. Any other refusal is
    final: a client believes it.

    Args:
        request: Sends it.
        what: What is waited for, for the error.
    """

    async def success() -> httpx.Response | None:
        answer = await request()
        if answer.status_code == 503:
            assert answer.headers["retry-after"], answer.text
            return None
        assert answer.is_success, f"{what}: {answer.status_code} {answer.text}"
        return answer

    answer: httpx.Response = await eventually(success, what)
    return answer


async def interrupt(
    system: System,
    ids: Sequence[str],
    member: str,
    fault: Callable[[], Awaitable[None]],
) -> None:
    """Start a task for `member` under each id, and make the fault once some are accepted.

    What got no answer, or 'not now', is sent again: see `persist`.
    """
    accepted = asyncio.Semaphore(0)

    async def start(task_id: str) -> None:
        await persist(
            lambda: system.process(task_id=task_id, title="T", assignee=member),
            f"{task_id} to be accepted",
        )
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
