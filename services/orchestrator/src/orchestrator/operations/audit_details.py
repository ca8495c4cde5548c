"""Bounds the details of an audit entry, so that a page of entries stays far below 4 MB. No I/O."""

import json
from typing import Any

MAX_BYTES = 2_048
MAX_TEXT = 500
MAX_ITEMS = 20


def bounded(details: dict[str, Any]) -> dict[str, Any]:
    """Return details of at most 2 KB: long texts and lists are truncated where they are larger."""
    if _size(details) <= MAX_BYTES:
        return details
    short = {key: _truncated(value) for key, value in details.items()} | {"truncated": True}
    return short if _size(short) <= MAX_BYTES else {"truncated": True}


def _truncated(value: Any) -> Any:
    match value:
        case str():
            return value[:MAX_TEXT]
        case list() if len(value) > MAX_ITEMS:
            return [*map(_truncated, value[:MAX_ITEMS]), f"and {len(value) - MAX_ITEMS} more"]
        case _:
            return value if _size(value) <= MAX_TEXT else json.dumps(value)[:MAX_TEXT]


def _size(value: Any) -> int:
    return len(json.dumps(value).encode())
