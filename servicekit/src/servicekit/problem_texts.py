"""Texts of problems: what is wrong with a request, in a bounded number of bytes.

What a caller sends must not come back, nor be kept, in full: the names of unknown fields are the
caller's, and a body of 64 KiB can have thousands of them.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from contracts.problems import FieldError

MAX_ERRORS = 20
MAX_FIELD_BYTES, MAX_MESSAGE_BYTES = 200, 200
# So many are in the text; the list has more.
ERRORS_IN_DETAIL = 3
ELLIPSIS = "…"


def truncate(text: str, max_bytes: int) -> str:
    """Return a text that takes at most `max_bytes` in JSON, which an ellipsis ends if it is cut."""
    # Half of a surrogate pair, which no text should have, must not make an error of an error.
    text = text.encode(errors="replace").decode()
    if _size(text) <= max_bytes:
        return text
    left = max_bytes - _size(ELLIPSIS)
    end = 0
    for end, character in enumerate(text):  # noqa: B007 - where the loop ends is what is wanted
        left -= _size(character)
        if left < 0:
            break
    return text[:end] + ELLIPSIS


def field_errors(errors: Sequence[Mapping[str, Any]], *place: str) -> tuple[list[FieldError], str]:
    """Return the first errors of a validation by Pydantic, and what they say in words.

    Args:
        errors: What `ValidationError.errors` or `RequestValidationError.errors` returned.
        place: Where in the request the validated value is, such as `body`, `input`.
    """
    first = [_field_error(error, place) for error in islice(errors, MAX_ERRORS)]
    named = "; ".join(f"{e.field}: {e.message}" for e in first[:ERRORS_IN_DETAIL])
    more = len(errors) - ERRORS_IN_DETAIL
    return first, f"{named}; and {more} more" if more > 0 else named


def bounded_errors(errors: Sequence[FieldError], max_bytes: int) -> list[FieldError]:
    """Return the first errors, as many as fit."""
    found = []
    for error in islice(errors, MAX_ERRORS):
        bounded = FieldError(
            field=truncate(error.field, MAX_FIELD_BYTES),
            message=truncate(error.message, MAX_MESSAGE_BYTES),
        )
        max_bytes -= len(bounded.model_dump_json().encode())
        if max_bytes < 0:
            break
        found.append(bounded)
    return found


def _field_error(error: Mapping[str, Any], place: Sequence[str]) -> FieldError:
    field = truncate(".".join(map(str, (*place, *error["loc"]))), MAX_FIELD_BYTES)
    return FieldError(field=field, message=truncate(error["msg"], MAX_MESSAGE_BYTES))


def _size(text: str) -> int:
    """Return how many bytes a text takes in JSON, without its quotes."""
    return len(json.dumps(text, ensure_ascii=False).encode()) - 2
