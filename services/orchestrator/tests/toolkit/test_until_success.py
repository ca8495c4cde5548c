"""What must succeed is tried for months, and no history grows by it."""

from collections.abc import Callable, Generator
from datetime import timedelta
from types import NoneType
from typing import Any

import pytest
from dapr.ext.workflow import DaprWorkflowContext
from pydantic import BaseModel
from unit_support.asking import Question, asking

from orchestrator.dapr_sdk.private import NonRetryableError
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.testing.environment import START, Environment, Run
from orchestrator.testing.replay import replay
from orchestrator.toolkit.activity_ref import ActivityRef
from orchestrator.toolkit.retries import RETRY_FIRST, RETRY_IN_ONE_HISTORY
from orchestrator.toolkit.until_success import (
    ATTEMPTS_A_GENERATION,
    UNTIL_SUCCESS,
    UntilSuccess,
    until_success,
)

# What Dapr's channel to the worker takes in one message, and so the most that a history can have.
WALL = 4 * 1024 * 1024
DAY = timedelta(days=1)


class Refund(BaseModel):
    """An effect to take back, by its key."""

    key: str


class Refunded(BaseModel):
    """Whether there was anything to take back."""

    undone: bool


REFUND = ActivityRef("refund", Refund, Refunded)
FORGET = ActivityRef("forget", str, NoneType)


def refunds(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, bool]:
    step = Refund(key=f"{ctx.instance_id}:pay")
    return (yield from until_success(ctx, REFUND, step, "Refunding")).undone


def refunds_in_one_history(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, bool]:
    step = Refund(key=f"{ctx.instance_id}:pay")
    return (yield from REFUND.call(ctx, step, retry_policy=RETRY_IN_ONE_HISTORY)).undone


IN_ONE_HISTORY = asking(refunds_in_one_history)


class Bank:
    """Refunds after so many failed attempts."""

    def __init__(self, failures: int, error: type[Exception] = RuntimeError) -> None:
        self.failures = failures
        self.error = error
        self.attempts = 0
        self.refunded: list[str] = []
        self.longest = 0
        self.sizes: Callable[[], int] = lambda: 0

    def __call__(self, step: Refund) -> Refunded:
        self.attempts += 1
        if self.attempts % 10 == 0:
            self.longest = max(self.longest, self.sizes())
        if self.attempts <= self.failures:
            raise self.error("the bank is closed. " * 200)
        self.refunded.append(step.key)
        return Refunded(undone=True)


def size(run: Run) -> int:
    return sum(event.ByteSize() for event in run.history)


def started(bank: Bank, definition: Any = None) -> tuple[Environment, Run]:
    hosts = Environment([definition or asking(refunds)], {"refund": bank})
    run = hosts.start("ask_workflow", "ask-1", Question())
    bank.sizes = lambda: max(map(size, [run, *run.children]))
    return hosts, run


def test_what_succeeds_in_time_needs_no_child() -> None:
    hosts, run = started(bank := Bank(failures=29))
    hosts.run()
    assert (run.output, run.children, bank.attempts) == (True, [], 30)


def test_what_fails_for_a_week_is_taken_back_once_and_no_history_grows() -> None:
    hosts, run = started(bank := Bank(failures=1_060))
    hosts.run()
    assert (run.status, run.output) == (RuntimeStatus.COMPLETED, True)
    assert (bank.attempts, bank.refunded) == (1_061, ["ask-1:pay"])
    assert run.elapsed > 7 * DAY
    [child] = run.children
    assert child.generations == (1_060 - RETRY_FIRST.max_number_of_attempts) // 50 + 1 == 21
    # With messages of the greatest length. So a hundred such steps would fit in one history.
    assert bank.longest < 80_000 < WALL / 50


def test_it_goes_on_after_months_as_it_began() -> None:
    bank = Bank(failures=60)
    begun = UntilSuccess(
        activity=REFUND,
        input={"key": "ask-1:pay"},
        message="Refunding",
        attempts=26_000,
        next_attempt_at=START,
        failing_since=START - 180 * DAY,
        error="the bank is closed",
    )
    hosts = Environment([], {"refund": bank})
    child = hosts.start(UNTIL_SUCCESS, "ask-1:refund-1", begun)
    hosts.run()
    assert (child.status, child.output) == (RuntimeStatus.COMPLETED, {"undone": True})
    assert (child.progress[-1].details["attempts"], child.generations) == (26_060, 2)
    assert child.elapsed == timedelta(minutes=600)


def test_the_child_says_what_it_tries_how_often_and_why() -> None:
    hosts, run = started(Bank(failures=10**9))
    hosts.run(until=DAY)
    [child] = run.children
    assert child.instance_id == "ask-1:refund-1"
    progress = child.progress[-1]
    assert progress.step == "refund"
    assert progress.message.startswith(
        f"Refunding: {progress.details['attempts']} attempts failed since 2026-01-01 00:00 UTC, "
        "the last with: the bank is closed."
    )
    assert progress.details["attempts"] > RETRY_FIRST.max_number_of_attempts


def test_a_failure_that_says_it_is_permanent_is_tried_on() -> None:
    hosts, run = started(bank := Bank(failures=3, error=NonRetryableError))
    hosts.run()
    assert (run.output, bank.attempts) == (True, 4)
    [child] = run.children
    assert child.progress[0].details["attempts"] == 1


def test_an_output_that_is_nothing_comes_back() -> None:
    def forgets(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, None]:
        yield from until_success(ctx, FORGET, "text", "Forgetting")

    failures = iter([NonRetryableError("not yet")])

    def forget(text: str) -> None:
        assert text == "text"
        for error in failures:
            raise error

    hosts = Environment([asking(forgets)], {"forget": forget})
    run = hosts.start("ask_workflow", "ask-1", Question())
    hosts.run()
    assert (run.status, run.output) == (RuntimeStatus.COMPLETED, None)


@pytest.mark.parametrize("attempts", [1, 29, 30, 31, 40])
def test_an_instance_that_earlier_code_began_goes_on(attempts: int) -> None:
    """Before, at, and beyond the attempts after which new instances have a child."""
    hosts, run = started(bank := Bank(failures=60), IN_ONE_HISTORY)
    minutes = iter(range(24 * 60))
    while bank.attempts < attempts:
        hosts.run(until=timedelta(minutes=next(minutes)))
    assert bank.attempts == attempts
    hosts.deploy([asking(refunds)])
    hosts.run()
    assert (run.status, run.output) == (RuntimeStatus.COMPLETED, True), run.error
    assert (bank.attempts, bank.refunded) == (61, ["ask-1:pay"])
    # Its next attempt was scheduled by the earlier code, so it counts to that.
    assert bool(run.children) is (attempts < RETRY_FIRST.max_number_of_attempts)


def test_a_history_with_a_child_replays() -> None:
    hosts, run = started(Bank(failures=100))
    hosts.run()
    replay([asking(refunds)], "ask-1", run.history)
    [child] = run.children
    replay([asking(refunds)], child.instance_id, child.history)


def test_a_generation_ends_in_the_turn_of_an_activity() -> None:
    """Dapr 1.18.2 loses what continues as new in the turn of a timer."""
    attempts = RETRY_FIRST.max_number_of_attempts + ATTEMPTS_A_GENERATION
    ended: list[str] = []
    bank = Bank(failures=attempts + 1)
    hosts, run = started(bank)

    def note(step: Refund) -> Refunded:
        if run.children:
            ended.append(f"{run.children[0].generations}")
        return bank(step)

    hosts._activities["refund"] = note
    hosts.run()
    [child] = run.children
    assert child.generations == 2
    assert ended.count("1") == ATTEMPTS_A_GENERATION
    begun = [event.WhichOneof("eventType") for event in child.history[:3]]
    assert begun == ["workflowStarted", "executionStarted", "timerCreated"]
