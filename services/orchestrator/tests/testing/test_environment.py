"""The test kit tells a mistake of the test from a failure of the workflow."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

import pytest
from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError
from unit_support.asking import Question, asking

from orchestrator.testing.environment import StubMissing, execute
from orchestrator.testing.stubs import failing
from orchestrator.toolkit.retries import RETRY


def pays(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, str]:
    try:
        yield ctx.call_activity("pay_claim", retry_policy=RETRY)
    except TaskFailedError as error:
        return f"failed: {error.details.message}"
    return "paid"


def test_a_missing_stub_ends_the_run_with_an_error_that_names_it() -> None:
    with pytest.raises(StubMissing) as raised:
        execute(asking(pays), Question(), {"check_claim": lambda _: None})
    assert str(raised.value) == (
        "no stub for activity 'pay_claim'; stubs: check_claim, close_wait, read_outage_terms"
    )


def test_a_stub_that_raises_is_an_activity_that_fails() -> None:
    run = execute(asking(pays), Question(), {"pay_claim": failing(KeyError, "pay_claim")})
    assert run.output == "failed: 'pay_claim'"
    assert run.called() == ["pay_claim"] * 3


def hires(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, str]:
    paid: str = yield ctx.call_child_workflow("paying", instance_id="a:b", retry_policy=RETRY)
    return paid


def paying(ctx: DaprWorkflowContext) -> Generator[Any, Any, str]:
    paid: str = yield ctx.call_activity("pay_claim")
    return paid


def test_a_child_that_fails_is_retried_under_its_id() -> None:
    attempts = []

    def pay(_: Any) -> str:
        attempts.append(1)
        if len(attempts) < 3:
            raise ValueError("not yet")
        return "paid"

    run = execute(
        replace(asking(hires), children={"paying": paying}), Question(), {"pay_claim": pay}
    )
    assert (run.output, len(attempts), len(run.children)) == ("paid", 3, 3)
