"""Generators that run side by side in one workflow, each going on as its own tasks complete."""

from collections.abc import Generator, Sequence
from typing import Any, TypeVar

from dapr.ext.workflow import TaskFailedError, when_any

from orchestrator.dapr_sdk.private import Task

Result = TypeVar("Result")
Steps = Generator[Task[Any], Any, Result]


class Branch:
    """A generator that runs beside others.

    Attributes:
        task: What it waits for; None once it has ended.
        result: What it returned.
        error: What it failed with.
    """

    def __init__(self, steps: Steps[Any]) -> None:
        """Run it as far as it goes without waiting."""
        self._steps = steps
        self.task: Task[Any] | None = None
        self.result: Any = None
        self.error: TaskFailedError | None = None
        self._go(lambda: next(steps))

    def resume(self) -> None:
        """Go on, where what it waits for is complete."""
        while (task := self.task) is not None and task.is_complete:
            if task.is_failed:
                error = task.get_exception()
                self._go(lambda error=error: self._steps.throw(error))
            else:
                result = task.get_result()
                self._go(lambda result=result: self._steps.send(result))

    def _go(self, step: Any) -> None:
        try:
            self.task = step()
        except StopIteration as end:
            self.task, self.result = None, end.value
        except TaskFailedError as error:
            self.task, self.error = None, error


def run_parallel(branches: Sequence[Steps[Result]]) -> Steps[list[Result]]:
    """Run generators side by side, and return what each returned.

    Raises:
        TaskFailedError: One failed; the others have ended nevertheless.
    """
    running = [Branch(steps) for steps in branches]
    yield from _until_ended(running, [])
    for branch in running:
        if branch.error is not None:
            raise branch.error
    return [branch.result for branch in running]


def run_against(steps: Steps[Result], never: Task[Any]) -> Steps[Result]:
    """Run a generator against a task that never completes; it must win."""
    contender = Branch(steps)
    yield from _until_ended([contender], [never])
    if never.is_complete:
        raise AssertionError("what nobody sends came")
    if contender.error is not None:
        raise contender.error
    result: Result = contender.result
    return result


def _until_ended(branches: Sequence[Branch], others: list[Task[Any]]) -> Steps[None]:
    for branch in branches:
        branch.resume()
    while waiting := [branch.task for branch in branches if branch.task is not None]:
        yield when_any([*waiting, *others])
        for branch in branches:
            branch.resume()
