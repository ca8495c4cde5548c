"""What goes wrong in a way that the user can see to."""


class CommandError(Exception):
    """A command that did not do what it was told; `str()` says why, and what to do."""
