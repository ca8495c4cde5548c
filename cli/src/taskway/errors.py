"""Errors that the user can act on."""


class CommandError(Exception):
    """A command failed; `str()` says why, and what to do."""
