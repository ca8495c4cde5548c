"""Pagination cursors: the last item of a page, as text that is opaque to clients."""

import base64
import binascii
import json

from contracts.problems import FieldError, ProblemType
from servicekit.problems import ProblemError

# The query parameter of both lists.
FIELD = "query.cursor"


class InvalidCursor(ProblemError):
    """A cursor that no page of this list returned (422)."""

    def __init__(self, message: str) -> None:
        """Describe in `message` what is wrong with the cursor."""
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
    """Return the parts of a cursor.

    Args:
        cursor: The cursor, as the client sent it.
        parts: How many parts it must have.

    Raises:
        InvalidCursor: It is malformed, or has another number of parts.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        decoded = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise invalid_cursor() from error
    valid = (
        isinstance(decoded, list)
        and len(decoded) == parts
        and all(type(part) is str for part in decoded)
    )
    if not valid:
        raise invalid_cursor()
    return list(decoded)


def invalid_cursor() -> InvalidCursor:
    """Return the error for a malformed cursor."""
    return InvalidCursor("Not a cursor that a page of this list returned")
