"""Path and query parameters that several routes share."""

from typing import Annotated

from fastapi import Path, Query

from contracts.fields import Key, QueryInteger

KeyPath = Annotated[
    Key, Path(description="The idempotency key of the workflow", examples=["task-42:assign"])
]
Before = Annotated[
    QueryInteger | None,
    Query(ge=0, le=2**53, description="`next` of the previous page; the newest if omitted"),
]
Limit = Annotated[QueryInteger, Query(ge=1, le=200, description="How many at most")]
