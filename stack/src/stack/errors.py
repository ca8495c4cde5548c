"""Errors of a stack, each with a message for the user."""

INTERRUPTED = 130
"""The exit status after Ctrl-C: 128 and the number of SIGINT, as shells have it."""


class StackError(Exception):
    """The stack cannot do this; the message says why and what to do."""


class ProcessExitedError(StackError):
    """A process ended unexpectedly.

    Args:
        name: The process, such as `orchestrator-sidecar`.
        code: Its exit code; negative for the signal that ended it.
        tail: The last lines of its log.
        log: The path of the log.
    """

    def __init__(self, name: str, code: int, tail: str, log: str) -> None:
        self.ended = f"ended by signal {-code}" if code < 0 else f"exited with code {code}"
        super().__init__(f"{name} {self.ended}. The last lines of {log}:\n{tail}")
        self.name = name
        self.code = code
