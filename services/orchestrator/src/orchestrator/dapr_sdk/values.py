"""Converts what a state or a history holds: timestamps, and JSON that may be long."""

import json
from datetime import UTC, datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

# A history may be megabytes; an answer for a person need not be.
MAX_TEXT = 10_000
# The SDK's time for 'never' is the last that there is.
NEVER = 9999


def to_datetime(timestamp: Timestamp) -> datetime:
    """Return a timestamp in UTC, to the microsecond."""
    return timestamp.ToDatetime(tzinfo=UTC)


def to_datetime_or_never(timestamp: Timestamp) -> datetime | None:
    """Return a timestamp in UTC, or None for the end of time."""
    time = to_datetime(timestamp)
    return None if time.year >= NEVER else time


def truncate(text: str) -> str:
    """Return a text of at most 10,000 characters, with a note of how long it was."""
    if len(text) <= MAX_TEXT:
        return text
    return f"{text[:MAX_TEXT]}… (cut: {len(text):,} characters; the history's raw form has them)"


def parse_json_or_text(text: str | None) -> Any:
    """Return the value of a JSON text, and any other text unchanged; the empty one is None."""
    if not text:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def parse_or_truncate(text: str | None) -> Any:
    """Return the value of a JSON text, or the beginning of the text where that is long."""
    return truncate(text) if text and len(text) > MAX_TEXT else parse_json_or_text(text)
