"""Starts, supervises and stops the self-hosted processes.

Used by `make run`, the end-to-end and fault tests, and the benchmark alike.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stack.errors import ProcessExitedError, StackError
    from stack.options import StackOptions
    from stack.stack import Stack

__all__ = ["ProcessExitedError", "Stack", "StackError", "StackOptions"]


def __getattr__(name: str) -> Any:
    """Load the parts at their first use: `python -m stack` handles Ctrl-C before it loads them."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from stack import errors, options, stack

    return next(vars(part)[name] for part in (errors, options, stack) if name in vars(part))
