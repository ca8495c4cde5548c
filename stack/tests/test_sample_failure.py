"""What becomes of the stack where its first sample does not end well."""

import asyncio
from dataclasses import dataclass
from typing import Any, cast

import pytest

from stack import cli
from stack.cli import Mode
from stack.errors import StackError, UnknownSampleError
from stack.stack import Stack


class HealthyStack:
    """A stack whose processes all run."""

    def url(self, name: str) -> str:
        return f"http://{name}"

    async def wait_failure(self) -> None:
        await asyncio.Event().wait()


@dataclass
class FailingDemo:
    """A demonstration that fails."""

    error: StackError

    def __call__(self, *_: Any) -> "FailingDemo":
        return self

    async def show(self) -> bool:
        raise self.error


async def work(
    monkeypatch: pytest.MonkeyPatch, error: StackError, *, needs_sample: bool
) -> list[bool]:
    """Run a failing sample; return with what result the stack went on."""
    went_on: list[bool] = []

    async def after(_: Stack, good: bool) -> int:
        went_on.append(good)
        return 0

    monkeypatch.setattr(cli, "Demo", FailingDemo(error))
    mode = Mode(after, needs_sample=needs_sample, when_stopped=0)
    await cli._work(cast(Stack, HealthyStack()), mode, ("task", None))
    return went_on


async def test_a_stack_that_stays_goes_on_and_says_why_the_sample_failed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    went_on = await work(monkeypatch, StackError("no progress"), needs_sample=False)
    assert went_on == [False]
    assert capsys.readouterr().err == "Error: no progress\n"


@pytest.mark.parametrize(
    ("error", "needs_sample"),
    [(StackError("no progress"), True), (UnknownSampleError("no sample"), False)],
    ids=["demo", "mistyped"],
)
async def test_it_ends_where_there_is_nothing_else_to_do(
    monkeypatch: pytest.MonkeyPatch, error: StackError, needs_sample: bool
) -> None:
    with pytest.raises(type(error)):
        await work(monkeypatch, error, needs_sample=needs_sample)
