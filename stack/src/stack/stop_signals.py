"""Stops a stack by signals: in order at the first, at once at the second."""

import asyncio
import signal
from collections.abc import Callable

from stack.stack import Stack


class StopSignals:
    """Cancels the current task at the first signal, and kills the stack at the second.

    Args:
        stack: The stack.
        announce: Tells people that it is being stopped.
    """

    def __init__(self, stack: Stack, announce: Callable[[], None]) -> None:
        self._stack = stack
        self._announce = announce
        self._task = asyncio.current_task()
        self._stopping = False
        self.killed = False
        """Whether it was not stopped in order."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._stop)

    def _stop(self) -> None:
        if self._stopping:
            self.killed = True
            self._stack.kill_all()
            return
        self._stopping = True
        if self._task is not None:
            self._task.cancel()
        # Last, so that nothing about a terminal keeps the stack running.
        self._announce()
