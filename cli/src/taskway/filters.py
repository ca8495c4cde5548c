"""Which instances are wanted: the options that several commands have, and what the API calls them.

All of what is given must hold.
"""

from typing import Annotated, Any

import typer

Workflows = Annotated[
    list[str] | None, typer.Option("--workflow", help="Of this workflow; repeat for several.")
]
Statuses = Annotated[
    list[str] | None, typer.Option("--status", help="In this state; repeat for several.")
]
Prefix = Annotated[str | None, typer.Option("--prefix", help="Whose ids begin so.")]
Search = Annotated[
    str | None, typer.Option("--search", help="With all these words in their id or request.")
]
WaitingFor = Annotated[str | None, typer.Option("--waiting-for", help="That wait for this event.")]
Overdue = Annotated[bool, typer.Option("--overdue", help="Past a deadline.")]
Parent = Annotated[str | None, typer.Option("--parent", help="Children of this instance.")]
TopLevel = Annotated[bool, typer.Option("--top-level", help="That are nobody's children.")]
CreatedFrom = Annotated[
    str | None, typer.Option("--created-from", help="From then on, such as 2026-11-21T09:00Z.")
]
CreatedTo = Annotated[str | None, typer.Option("--created-to", help="Before that.")]


def wanted(
    *,
    workflow: list[str] | None,
    status: list[str] | None,
    prefix: str | None,
    search: str | None,
    waiting_for: str | None,
    overdue: bool,
    parent: str | None,
    top_level: bool,
    created_from: str | None,
    created_to: str | None,
) -> dict[str, Any]:
    """Return a filter as the API takes it, without what was not asked for."""
    given = {
        "workflow": workflow,
        "status": [name.upper() for name in status or []],
        "id_prefix": prefix,
        "q": search,
        "waiting_for": waiting_for,
        "overdue": overdue,
        "parent": parent,
        "top_level": top_level,
        "created_from": created_from,
        "created_to": created_to,
    }
    return {name: value for name, value in given.items() if value}
