"""The test kit tells a mistake of the test from a failure of the workflow."""

from collections.abc import Generator
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
    assert str(raised.value) == ("no stub for activity 'pay_claim'; stubs: check_claim, close_wait")


def test_a_stub_that_raises_is_an_activity_that_fails() -> None:
    run = execute(asking(pays), Question(), {"pay_claim": failing(KeyError, "pay_claim")})
    assert run.output == "failed: 'pay_claim'"
    assert run.called() == ["pay_claim"] * 3
