"""Field types that more than one provider uses."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator, StringConstraints

# Keys, ids and addresses become parts of state-store keys, where Dapr reserves "||", and of URL
# paths: the patterns leave out '|', '/', '?', '#', '%' and white space.
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,199}$")]
"""Names one effect of one workflow, such as `task-42:assign`: the idempotency key of a PUT."""

RequestId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
"""A caller's own name for what it starts: short enough for a key made of it, and no part of one."""

Person = Annotated[
    str,
    StringConstraints(
        to_lower=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9.!$&'*+=_~@-]{0,253}$", max_length=254
    ),
]
"""Somebody's id, which may be an e-mail address; kept in lower case."""

EMAIL_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9.!$&'*+=_~-]{0,99}@[A-Za-z0-9][A-Za-z0-9.-]{0,152}$"
EmailAddress = Annotated[
    str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=EMAIL_PATTERN)
]
"""An e-mail address without display name, kept in lower case."""

Skill = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, to_lower=True, pattern=r"^[a-zA-Z0-9][a-zA-Z0-9.+#_ -]{0,49}$"
    ),
]
"""One skill, such as `python`, kept in lower case."""


class Priority(StrEnum):
    """How urgent a task is."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


def _no_number(value: Any) -> Any:
    """Refuse what would be taken for seconds since 1970."""
    if isinstance(value, int | float) or (
        isinstance(value, str) and value.strip().lstrip("+-").replace(".", "", 1).isdigit()
    ):
        raise ValueError("give a date and time with an offset, such as 2026-11-21T09:00:00Z")
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_no_number)]
"""A moment as RFC 3339 writes it."""


def _true_or_false(value: Any) -> Any:
    """Refuse what Pydantic takes for a truth value besides, such as 0 and `yes`."""
    if value is None or isinstance(value, bool) or value in ("true", "false"):
        return value
    raise ValueError("give true or false")


Flag = Annotated[bool, BeforeValidator(_true_or_false)]
"""True or false: in JSON itself, or as a word in a query."""


def is_none(value: Any) -> bool:
    """Return whether an optional field has no value, for `exclude_if`.

    A field that was added later is left out of the JSON of those who do not use it: what a workflow
    sends is then what its history says, and an older receiver that forbids unknown fields takes it.
    """
    return value is None
