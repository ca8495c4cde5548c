"""`when_all` of the SDK behaves as the documentation for authors describes it."""

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import pytest
from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError, when_all
from unit_support.asking import Answer, Question, asking

from orchestrator.testing.environment import execute

HOUR = timedelta(hours=1)


def collecting(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, Answer]:
    steps = [ctx.call_activity("step", input={"number": number}) for number in (1, 2)]
    try:
        yield when_all([*steps, ctx.create_timer(HOUR)])
    except TaskFailedError as error:
        return Answer(text=error.details.message)
    return Answer(text="all succeeded")


@pytest.mark.parametrize("fails", [(), (1,), (2,), (1, 2)])
def test_it_waits_for_all_and_then_fails_with_the_first_failure(fails: tuple[int, ...]) -> None:
    def step(request: dict[str, int]) -> None:
        if request["number"] in fails:
            raise ValueError(f"step {request['number']} failed")

    run = execute(asking(collecting), Question(), {"step": step})
    assert run.elapsed == HOUR
    said = f"step {fails[0]} failed" if fails else "all succeeded"
    assert run.output["text"].endswith(said)
