"""Parameters that several routes take."""

from typing import Annotated

from fastapi import Path, Query

from contracts.fields import Key

# What a caller names has no ':', and ids that the system derives have one.
InstanceId = Annotated[
    str,
    Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,199}$", description="What the start answered"),
]

KnownId = Annotated[
    str,
    # The former id of a child may be as long as its parent's and its name together.
    Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,299}$", description="What the start answered"),
]
"""The id of an instance that is read, which may be the former one of a child."""

EventName = Annotated[
    str,
    Path(
        pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,49}$",
        description="The event that the instance waits for; case does not matter",
    ),
]

WaitId = Annotated[
    Key | None,
    Query(
        description="The `id` of the wait that is meant, as the status and the inbox show it: a "
        "later wait for the event then takes neither a late decision nor a repeat. By default the "
        "wait that is open"
    ),
]
