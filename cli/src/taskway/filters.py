"""The options that select instances, defined once for every command that takes them."""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

Filter = dict[str, Any]
"""A filter by the names of the API, without the fields that were not given."""

Workflows = Annotated[
    list[str] | None, typer.Option("--workflow", help="Of this workflow; repeat for several.")
]
Overdue = Annotated[bool, typer.Option("--overdue", help="Past a deadline.")]


def select(
    workflow: Workflows = None,
    status: Annotated[
        list[str] | None, typer.Option("--status", help="In this status; repeat for several.")
    ] = None,
    outcome: Annotated[
        list[str] | None,
        typer.Option("--outcome", help="Ended with this, such as failed; repeat for several."),
    ] = None,
    prefix: Annotated[
        str | None, typer.Option("--prefix", help="With an id that begins with this.")
    ] = None,
    search: Annotated[
        str | None, typer.Option("--search", help="With all these words in their id or request.")
    ] = None,
    waiting_for: Annotated[
        str | None, typer.Option("--waiting-for", help="Waiting for this event.")
    ] = None,
    overdue: Overdue = False,
    parent: Annotated[
        str | None, typer.Option("--parent", help="Children of this instance.")
    ] = None,
    top_level: Annotated[bool, typer.Option("--top-level", help="Without a parent.")] = False,
    created_from: Annotated[
        str | None,
        typer.Option("--created-from", help="Created then or later, such as 2026-11-21T09:00Z."),
    ] = None,
    created_to: Annotated[
        str | None, typer.Option("--created-to", help="Created before then.")
    ] = None,
) -> Filter:
    """Return the filter of these options; an instance must match all of them."""
    given = {
        "workflow": workflow,
        "status": [name.upper() for name in status or []],
        "outcome": outcome,
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


def with_filter(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command whose parameter `selected` is made of the options of `select`.

    Args:
        command: Takes the filter as `selected`; its other parameters are its own options.
    """
    options = inspect.signature(select).parameters

    @functools.wraps(command)
    def run(**values: Any) -> None:
        selected = select(**{name: values.pop(name) for name in options})
        command(selected=selected, **values)

    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(command).parameters.values():
        parameters += options.values() if parameter.name == "selected" else [parameter]
    # By keyword alone, so that a required option may follow one that has a default.
    keywords = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters]
    # Typer reads both.
    run.__signature__ = inspect.Signature(keywords)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in keywords}
    return run
