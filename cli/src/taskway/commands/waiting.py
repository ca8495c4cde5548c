"""Decisions that instances wait for."""

from typing import Annotated

import typer

from taskway.api import url_path
from taskway.commands.instances import Instance, WaitId
from taskway.commands.operations import By
from taskway.filters import Overdue, Workflows
from taskway.requests import read_json
from taskway.session import age, session
from taskway.terminal import plain

Event = Annotated[str, typer.Argument(help="The event that the instance waits for.")]


def waiting(
    context: typer.Context,
    workflow: Workflows = None,
    assigned_to: Annotated[str | None, typer.Option(help="Assigned to this person.")] = None,
    event: Annotated[str | None, typer.Option(help="Waiting for this event.")] = None,
    overdue: Overdue = False,
    limit: Annotated[int, typer.Option(min=1, help="Lines, at most.")] = 50,
) -> None:
    """List pending decisions, the soonest deadline first."""
    s = session(context)
    found, complete = s.api.list_items(
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
                w["message"] or "",
            )
            for w in found
        )
        s.table(
            ("INSTANCE", "EVENT", "ASSIGNED TO", "CLAIMED BY", "SINCE", "UNTIL", "MESSAGE"), rows
        )
        s.incomplete(complete=complete)


def claim(
    context: typer.Context,
    instance: Instance,
    event: Event,
    by: By,
    wait_id: WaitId = None,
) -> None:
    """Claim a decision: nobody else can take it meanwhile."""
    s = session(context)
    answer = s.api.post(url_path("waiting", instance, event, "claim"), {"by": by}, wait_id=wait_id)
    if not s.show(answer):
        s.say(f"{plain(event)} of {plain(instance)} is claimed by {plain(by)}")


def release(
    context: typer.Context,
    instance: Instance,
    event: Event,
    by: By,
    wait_id: WaitId = None,
) -> None:
    """Release a decision that you claimed."""
    s = session(context)
    answer = s.api.post(
        url_path("waiting", instance, event, "release"), {"by": by}, wait_id=wait_id
    )
    if not s.show(answer):
        s.say(f"{plain(event)} of {plain(instance)} is released")


def decide(
    context: typer.Context,
    instance: Instance,
    event: Event,
    payload: Annotated[
        str, typer.Argument(help="The payload by the schema of the event: JSON, @file or -.")
    ],
    by: By,
    wait_id: WaitId = None,
) -> None:
    """Take a decision; the first one counts, and a later one is refused."""
    s = session(context)
    body = {"by": by, "payload": read_json(payload)}
    path = url_path("waiting", instance, event, "decide")
    answer = s.api.post(path, body, wait_id=wait_id)
    if not s.show(answer):
        s.say(f"{plain(instance)} continues")
