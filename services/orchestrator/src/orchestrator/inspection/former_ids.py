"""The ids that children had before 0.3: `parent-name`, where it is `parent:name` now.

What people have written down, and scripts that make the id of a child, go on showing it. Goes with
0.4.
"""

from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

from contracts.problems import ProblemType
from orchestrator.toolkit.lives import child_of
from servicekit.problems import ProblemError

Result = TypeVar("Result")

# Each is a read of the engine. A name of more parts than that is not found.
MAX_PARTS = 4


async def by_any_id(instance_id: str, read: Callable[[str], Awaitable[Result]]) -> Result:
    """Return what `read` returns for an instance, which may be a child by its former id.

    Raises:
        ProblemError: What `read` raises for this id; 404 only where no former id is meant.
    """
    try:
        return await read(instance_id)
    except ProblemError as error:
        if error.type is not ProblemType.NOT_FOUND:
            raise
        unknown = error
    for current in current_ids(instance_id):
        try:
            return await read(current)
        except ProblemError as error:
            if error.type is not ProblemType.NOT_FOUND:
                raise
    raise unknown


def current_ids(former: str) -> Iterator[str]:
    """Yield which ids a child may have whose former id this is, the shortest name first."""
    parent, names = former, ""
    for _ in range(MAX_PARTS):
        parent, dash, part = parent.rpartition("-")
        # A parent's id has a workflow's name and the caller's id.
        if not dash or "-" not in parent:
            return
        names = f"{part}-{names}" if names else part
        yield child_of(parent, names)
