"""Errors of a stack, each with a message for the user."""

import signal

INTERRUPTED = 130
"""The exit status after Ctrl-C: 128 and the number of SIGINT, as shells have it."""


class StackError(Exception):
    """The stack cannot do this; the message says why and what to do."""


class ProcessExitedError(StackError):
    """A process ended unexpectedly.

    Args:
        name: The process, such as `orchestrator-sidecar`.
        pid: Its process id.
        code: Its exit code; negative for the signal that ended it.
        tail: The last lines of its log.
        log: The path of the log.
    """

    def __init__(self, name: str, pid: int, code: int, tail: str, log: str) -> None:
        self.ended = f"{name} (pid {pid}) {_describe(code)}"
        super().__init__(f"{self.ended}. The last lines of {log}:\n{tail}")
        self.name = name
        self.code = code


class UnknownSampleError(StackError):
    """There is no such workflow, or no such sample of it; the message lists those there are."""


def _describe(code: int) -> str:
    """Return how a process with this exit code ended; a real-time signal has no name."""
    if code >= 0:
        return f"exited with code {code}"
    known = {number.value: f" ({number.name})" for number in signal.Signals}
    return f"ended by signal {-code}{known.get(-code, '')}"
