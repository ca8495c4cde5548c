"""Reads what a history holds: times, and JSON that may be long."""

import json
from datetime import UTC, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

# A history may be megabytes; an answer for a person need not be.
LONGEST = 10_000
# The SDK's time for 'never' is the last that there is.
NEVER = 9999


def at(timestamp: Timestamp) -> datetime:
    """Return a time in UTC; what is finer than a microsecond is lost."""
    return timestamp.ToDatetime(tzinfo=UTC)


def at_or_never(timestamp: Timestamp) -> datetime | None:
    """Return a time in UTC, or None for the end of time."""
    time = at(timestamp)
    return None if time.year >= NEVER else time


def cut(text: str) -> str:
    """Return a text as far as an answer has it, and how much is missing."""
    if len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]}… (cut: {len(text):,} characters; the history's raw form has them)"


def plain(text: str | None) -> Any:
    """Return JSON as what it stands for, and any other text as it is; the empty one is None."""
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text


def shortened(text: str | None) -> Any:
    """Return what `plain` does, or the beginning of the text where it is long."""
    return cut(text) if text and len(text) > LONGEST else plain(text)
