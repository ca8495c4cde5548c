"""Errors that the user can act on."""


class CommandError(Exception):
    """A command failed; `str()` says why, and what to do."""


INTERRUPTED = 130
"""The exit status after Ctrl-C: 128 and the number of SIGINT, as shells have it."""
