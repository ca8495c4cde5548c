"""Starts, supervises and stops the self-hosted processes.

Used by `make run`, the end-to-end and fault tests, and the benchmark alike.
"""

from stack.errors import ProcessExitedError, StackError
from stack.options import StackOptions
from stack.stack import Stack

__all__ = ["ProcessExitedError", "Stack", "StackError", "StackOptions"]
