"""Field types that more than one provider uses."""

from typing import Annotated

from pydantic import StringConstraints

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
