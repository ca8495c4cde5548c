"""Tasks are processed without Jaeger."""

from stack import Stack
from support.jaeger import Jaeger
from support.stacks import start_again
from support.system import System, somebody, unique

STEPS = {"validate_task", "assign_task", "send_notification"}


async def done(system: System) -> str:
    """Process a task, and return the id of its trace."""
    answer = await system.process(task_id=unique(), title="T", assignee=somebody())
    ended = await system.finished(answer.json()["instance_id"])
    assert ended["output"]["status"] == "completed"
    trace_id: str = ended["trace_id"]
    return trace_id


async def test_tasks_are_processed_while_jaeger_is_down(
    stack: Stack, system: System, jaeger: Jaeger
) -> None:
    await stack.kill("jaeger")
    try:
        for _ in range(5):
            await done(system)
    finally:
        await start_again(stack, "jaeger")
    await jaeger.with_steps(await done(system), STEPS)
