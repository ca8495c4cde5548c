"""The time, which a test sets."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the time in UTC."""


def utc_now() -> datetime:
    """Return the time in UTC, whatever the time zone of the process."""
    return datetime.now(UTC)
