"""A typed handle calls an activity by its name, and returns its output as a model."""

from collections.abc import Generator
from types import NoneType
from typing import Any

import pytest
from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError
from pydantic import BaseModel
from unit_support.asking import Question, asking

from orchestrator.testing.environment import execute
from orchestrator.testing.replay import replay
from orchestrator.testing.stubs import failing
from orchestrator.toolkit.activity_ref import ActivityRef
from orchestrator.toolkit.retries import RETRY


class Claim(BaseModel):
    """What is to be paid."""

    cents: int


class Receipt(BaseModel):
    """What was paid."""

    number: str


PAY = ActivityRef("pay", Claim, Receipt)
CLOSE = ActivityRef("close", Claim, NoneType)
CLAIM = Claim(cents=5)


def pays(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, str]:
    receipt = yield from PAY.call(ctx, CLAIM)
    return receipt.number


def test_a_call_returns_the_model_of_the_output() -> None:
    run = execute(asking(pays), Question(), {PAY: lambda _: {"number": "R1"}})
    assert run.output == "R1"
    assert run.inputs(PAY) == [{"cents": 5}]


def test_an_activity_without_a_result_returns_none() -> None:
    def closes(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, bool]:
        return (yield from CLOSE.call(ctx, CLAIM)) is None

    assert execute(asking(closes), Question(), {CLOSE: lambda _: None}).output is True


def test_something_else_than_the_output_fails_the_workflow() -> None:
    run = execute(asking(pays), Question(), {PAY: lambda _: {"sum": 5}})
    assert run.error is not None
    assert "number" in run.error


@pytest.mark.parametrize(("policy", "attempts"), [(RETRY, 3), (None, 1)])
def test_it_is_retried_by_the_policy(policy: Any, attempts: int) -> None:
    def patient(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, str]:
        try:
            yield from PAY.call(ctx, CLAIM, retry_policy=policy)
        except TaskFailedError as error:
            return str(error.details.message)
        return "paid"

    run = execute(asking(patient), Question(), {PAY: failing(RuntimeError, "away")})
    assert run.output == "away"
    assert run.called() == [PAY] * attempts


def test_activities_that_are_scheduled_together_run_together() -> None:
    def parallel(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, list[str]]:
        tasks = [PAY.schedule(ctx, Claim(cents=cents)) for cents in (1, 2)]
        receipts = []
        for task in tasks:
            receipts.append(PAY.parse((yield task)).number)
        return receipts

    run = execute(
        asking(parallel), Question(), {PAY: lambda claim: {"number": str(claim["cents"])}}
    )
    assert run.output == ["1", "2"]


def test_the_history_is_that_of_a_call_by_name() -> None:
    def by_name(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, str]:
        paid = yield ctx.call_activity("pay", input=CLAIM, retry_policy=RETRY)
        return Receipt.model_validate(paid).number

    run = execute(asking(by_name), Question(), {"pay": lambda _: {"number": "R1"}})
    replay([asking(pays)], run.instance_id, run.history)
