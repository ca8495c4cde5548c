"""The command line of the stack that is tested."""

import pytest

from stack import Stack
from support.taskway import Taskway


@pytest.fixture
def taskway(stack: Stack) -> Taskway:
    return Taskway(stack.url("orchestrator"))
