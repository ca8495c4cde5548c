"""Parameters that several routes take."""

from typing import Annotated

from fastapi import Path, Query

from contracts.fields import Key

KeyPath = Annotated[
    Key, Path(description="The workflow's key for this effect", examples=["task-42:assign"])
]
Before = Annotated[
    int | None, Query(ge=0, le=2**53, description="`next` of the page before; none for the newest")
]
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most")]
