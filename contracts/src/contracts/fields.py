"""Field types that more than one provider uses."""

import re
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator, StringConstraints

# Keys, ids and addresses become parts of state-store keys, where Dapr reserves "||", and of URL
# paths: the patterns leave out '|', '/', '?', '#', '%' and white space.
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,199}$")]
"""Names one effect of one workflow, such as `task-42:assign`: the idempotency key of a PUT."""

RequestId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
"""The caller's id for what it starts: short, because keys are derived from it, and without `:`."""

Person = Annotated[
    str,
    StringConstraints(
        to_lower=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9.!$&'*+=_~@-]{0,253}$", max_length=254
    ),
]
"""A person's id, which may be an e-mail address; stored in lower case."""

EMAIL_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9.!$&'*+=_~-]{0,99}@[A-Za-z0-9][A-Za-z0-9.-]{0,152}$"
EmailAddress = Annotated[
    str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=EMAIL_PATTERN)
]
"""An e-mail address without display name, stored in lower case."""

Skill = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, to_lower=True, pattern=r"^[a-zA-Z0-9][a-zA-Z0-9.+#_ -]{0,49}$"
    ),
]
"""One skill, such as `python`, stored in lower case."""


class Priority(StrEnum):
    """How urgent a task is."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


def _no_number(value: Any) -> Any:
    """Reject a number, which Pydantic would take for seconds since 1970."""
    if isinstance(value, int | float) or (
        isinstance(value, str) and value.strip().lstrip("+-").replace(".", "", 1).isdigit()
    ):
        raise ValueError("give a date and time with an offset, such as 2026-11-21T09:00:00Z")
    return value


def _day(value: Any) -> Any:
    """Reject what Pydantic takes for a date besides, such as a number or a midnight."""
    if isinstance(value, datetime) or not isinstance(value, date | str):
        raise ValueError("give a date, such as 2026-11-21")
    if isinstance(value, str) and not _DATE.fullmatch(value):
        raise ValueError("give a date, such as 2026-11-21")
    return value


_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Date = Annotated[date, BeforeValidator(_day)]
"""A calendar date, as RFC 3339 writes it."""

Instant = Annotated[AwareDatetime, BeforeValidator(_no_number)]
"""A timestamp with an offset, as RFC 3339 writes it."""


def _digits(value: Any) -> Any:
    """Reject what Pydantic takes for an integer besides, such as `1.0`, `1_0` and `+1`."""
    text = value.removeprefix("-") if isinstance(value, str) else ""
    if type(value) is int or (text.isascii() and text.isdigit()):
        return value
    raise ValueError("give a whole number")


QueryInteger = Annotated[int, BeforeValidator(_digits)]
"""An integer in a query, where every value is text: its digits, and nothing else."""


def _true_or_false(value: Any) -> Any:
    """Reject what Pydantic takes for a boolean besides, such as 0 and `yes`."""
    if value is None or isinstance(value, bool) or value in ("true", "false"):
        return value
    raise ValueError("give true or false")


Flag = Annotated[bool, BeforeValidator(_true_or_false)]
"""A boolean: `true` or `false`, in JSON or in a query."""


def is_none(value: Any) -> bool:
    """Return whether a value is None, for `exclude_if` of a field that was added later.

    The field is then absent from JSON where it is not used: what a workflow sends equals what its
    history says, and an older receiver that forbids unknown fields accepts it.
    """
    return value is None
