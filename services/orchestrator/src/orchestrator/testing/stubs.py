"""Stand-ins for activities that several tests need."""

from typing import Any, NoReturn

from orchestrator.testing.environment import Stub


def failing(error: type[Exception], message: str) -> Stub:
    """Return a stand-in for an activity that fails at each attempt.

    Args:
        error: The class of what it raises.
        message: The message of that.
    """

    def stub(_: Any) -> NoReturn:
        raise error(message)

    return stub
