"""A trace continues after a kill of the process that began it."""

from stack import Stack
from support.jaeger import Jaeger, Trace
from support.stacks import restart
from support.system import System, eventually, unique


async def test_what_is_done_after_a_kill_is_in_the_same_trace(
    stack: Stack, system: System, jaeger: Jaeger
) -> None:
    instance = await system.start("/hello", hello_id=unique(), user_name="ada", rest_seconds=8)
    await system.at_step(instance, "rest")
    trace_id = (await system.status(instance))["trace_id"]

    async def sent() -> Trace | None:
        trace = await jaeger.trace(trace_id)
        return trace if trace and trace.step_names() and trace.roots() else None

    before = await eventually(sent, "what was done before", within=30)
    await restart(stack, "orchestrator")
    assert (await system.finished(instance))["status"] == "COMPLETED"
    # The workflow's own span.
    after = await jaeger.with_span(trace_id, "orchestration||hello_workflow")
    assert after.roots() == before.roots() == ["POST /hello"]
    assert after.orphans() == []
    assert {span.id for span in before.spans} < {span.id for span in after.spans}
