"""Cursors: where a page of a sorted list ended, as text that means nothing to who passes it on."""

import base64
import binascii
import json

from contracts.problems import FieldError, ProblemType
from servicekit.problems import ProblemError

# Both lists take it by this name.
FIELD = "query.cursor"


class InvalidCursor(ProblemError):
    """A cursor that no page of this list ended with (422)."""

    def __init__(self, message: str) -> None:
        """Say what is wrong with it."""
        super().__init__(
            ProblemType.VALIDATION,
            f"{FIELD}: {message}",
            errors=[FieldError(field=FIELD, message=message)],
        )


def encode_cursor(*parts: str) -> str:
    """Return a cursor of these parts."""
    data = json.dumps(parts, separators=(",", ":"))
    return base64.urlsafe_b64encode(data.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, parts: int) -> list[str]:
    """Return the parts of a cursor, of which there must be so many.

    Raises:
        InvalidCursor: It is none.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        read = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise invalid_cursor() from error
    right = isinstance(read, list) and len(read) == parts and all(type(p) is str for p in read)
    if not right:
        raise invalid_cursor()
    return list(read)


def invalid_cursor() -> InvalidCursor:
    """Return the error that a cursor is none."""
    return InvalidCursor("It is not one that a page ended with")
