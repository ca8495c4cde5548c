"""What waits for people."""

from typing import Annotated

import typer
from rich.markup import escape

from taskway.api import at
from taskway.commands.instances import Instance
from taskway.commands.operations import By
from taskway.filters import Overdue, Workflows
from taskway.requests import read_json
from taskway.session import age, session

Event = Annotated[str, typer.Argument(help="The event that it waits for.")]


def waiting(
    context: typer.Context,
    workflow: Workflows = None,
    assigned_to: Annotated[str | None, typer.Option(help="For this person.")] = None,
    event: Annotated[str | None, typer.Option(help="For this event.")] = None,
    overdue: Overdue = False,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
) -> None:
    """List what waits for a decision, the soonest deadline first."""
    s = session(context)
    found, complete = s.api.listed(
        "/waiting",
        "cursor",
        limit,
        workflow=workflow,
        assigned_to=assigned_to,
        event=event,
        overdue=overdue or None,
    )
    if not s.show(found):
        rows = (
            (
                w["instance_id"],
                w["event"],
                w["assigned_to"] or "",
                w["claimed_by"] or "",
                age(w["since"]),
                age(w["until"]),
                escape(w["message"] or ""),
            )
            for w in found
        )
        s.table(("INSTANCE", "EVENT", "FOR", "CLAIMED BY", "SINCE", "UNTIL", "WHAT"), rows)
        s.incomplete(complete=complete)


def claim(
    context: typer.Context,
    instance: Instance,
    event: Event,
    by: By,
) -> None:
    """Say that you see to it."""
    s = session(context)
    answer = s.api.post(at("waiting", instance, event, "claim"), {"by": by})
    if not s.show(answer):
        s.say(f"{by} sees to {event} of {instance}")


def release(
    context: typer.Context,
    instance: Instance,
    event: Event,
    by: By,
) -> None:
    """Give back what you claimed."""
    s = session(context)
    answer = s.api.post(at("waiting", instance, event, "release"), {"by": by})
    if not s.show(answer):
        s.say(f"Nobody sees to {event} of {instance}")


def decide(
    context: typer.Context,
    instance: Instance,
    event: Event,
    payload: Annotated[str, typer.Argument(help="JSON by the event's schema, or @file.")],
    by: By,
) -> None:
    """Decide; of two who do so at once, one is told that it is too late."""
    s = session(context)
    body = {"by": by, "payload": read_json(payload)}
    answer = s.api.post(at("waiting", instance, event, "decide"), body)
    if not s.show(answer):
        s.say(f"{instance} goes on")
