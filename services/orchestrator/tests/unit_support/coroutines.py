"""Runs coroutines that wait for nothing, in tests that have no event loop."""

from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


def result_of(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Return what a coroutine returns that at most yields to other tasks."""
    while True:
        try:
            coroutine.send(None)
        except StopIteration as end:
            result: Result = end.value
            return result
