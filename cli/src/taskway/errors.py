"""Errors that the user can act on."""


class CommandError(Exception):
    """A command failed; `str()` says why, and what to do."""


class Unavailable(CommandError):
    """Nobody answered, or by 503: the same request may succeed later."""


class NotFound(CommandError):
    """There is no such resource (404)."""


INTERRUPTED = 130
"""The exit status after Ctrl-C: 128 and the number of SIGINT, as shells have it."""
