"""Workflows that are started again and again."""

from typing import Annotated

import typer
from rich.markup import escape

from taskway.api import at
from taskway.commands.operations import By
from taskway.requests import read_json
from taskway.session import age, session

app = typer.Typer(no_args_is_help=True, help="Start workflows again and again.")
Name = Annotated[str, typer.Argument(help="The schedule's name.")]


@app.command("list")
def list_(context: typer.Context) -> None:
    """List the schedules."""
    s = session(context)
    found = s.api.get("/schedules")["items"]
    if not s.show(found):
        rows = (
            (
                x["id"],
                x["workflow"],
                x["cron"] or f"every {x['every_seconds']} s",
                "paused" if x["paused"] else age(x["next_at"]),
                escape(x["last_error"] or x["last_instance"] or ""),
            )
            for x in found
        )
        s.table(("SCHEDULE", "WORKFLOW", "WHEN", "NEXT", "LAST"), rows)


@app.command()
def put(
    context: typer.Context,
    name: Name,
    workflow: Annotated[str, typer.Argument(help="What to start.")],
    request: Annotated[str, typer.Argument(help="With what: JSON, or @file.")],
    by: By,
    cron: Annotated[str | None, typer.Option(help="Such as '0 9 * * MON', in UTC.")] = None,
    every: Annotated[int | None, typer.Option(help="Each so many seconds.")] = None,
) -> None:
    """Create or change a schedule."""
    s = session(context)
    body = {
        "workflow": workflow,
        "request": read_json(request),
        "cron": cron,
        "every_seconds": every,
    }
    answer = s.api.put(at("schedules", name), body, by=by)
    if not s.show(answer):
        s.say(f"{name} runs next at {answer['next_at']}")


@app.command()
def pause(context: typer.Context, name: Name, by: By) -> None:
    """Start nothing more until it is resumed."""
    s = session(context)
    answer = s.api.post(at("schedules", name, "pause"), None, by=by)
    if not s.show(answer):
        s.say(f"{name} is paused")


@app.command()
def resume(context: typer.Context, name: Name, by: By) -> None:
    """Go on from now."""
    s = session(context)
    answer = s.api.post(at("schedules", name, "resume"), None, by=by)
    if not s.show(answer):
        s.say(f"{name} runs next at {answer['next_at']}")


@app.command()
def delete(context: typer.Context, name: Name, by: By) -> None:
    """Delete a schedule; what it started goes on."""
    s = session(context)
    s.api.delete(at("schedules", name), by=by)
    if not s.show({"id": name, "deleted": True}):
        s.say(f"{name} is deleted")
