"""Schedules, which start a workflow repeatedly."""

from typing import Annotated, Any

import typer

from taskway.api import Api, url_path
from taskway.commands.operations import By
from taskway.requests import read_json
from taskway.session import session, until
from taskway.terminal import plain

app = typer.Typer(no_args_is_help=True, help="Manage schedules.")
Name = Annotated[str, typer.Argument(help="The name of the schedule.")]


@app.command("list")
def list_(context: typer.Context) -> None:
    """List schedules."""
    s = session(context)
    found = _all(s.api)
    if not s.show(found):
        rows = (
            (
                x["id"],
                x["workflow"],
                x["cron"] or f"every {x['every_seconds']} s",
                _next(x),
                x["last_error"] or x["last_instance"] or "",
            )
            for x in found
        )
        s.table(("SCHEDULE", "WORKFLOW", "WHEN", "NEXT", "LAST"), rows)


def _all(api: Api) -> list[dict[str, Any]]:
    page = api.get("/schedules")
    found: list[dict[str, Any]] = page["items"]
    while page["next"] is not None:
        page = api.get("/schedules", cursor=page["next"])
        found += page["items"]
    return found


def _next(schedule: dict[str, Any]) -> str:
    """Return when a schedule runs next; one that cannot run says why in another column."""
    if schedule["paused"]:
        return "paused"
    if schedule["next_at"] is None:
        return "never"
    return until(schedule["next_at"])


def _when(schedule: dict[str, Any]) -> str:
    """Return when a schedule runs next, after it was changed."""
    at = schedule["next_at"]
    return "is paused" if at is None else f"runs next at {plain(at)}"


@app.command()
def put(
    context: typer.Context,
    name: Name,
    workflow: Annotated[str, typer.Argument(help="The workflow to start.")],
    request: Annotated[str, typer.Argument(help="The request: JSON, @file or -.")],
    by: By,
    cron: Annotated[
        str | None, typer.Option(help="A cron expression in UTC, such as '0 9 * * MON'.")
    ] = None,
    every: Annotated[int | None, typer.Option(help="Seconds between starts.")] = None,
) -> None:
    """Create or change a schedule."""
    s = session(context)
    body = {
        "workflow": workflow,
        "request": read_json(request),
        "cron": cron,
        "every_seconds": every,
    }
    answer = s.api.put(url_path("schedules", name), body, by=by)
    if not s.show(answer):
        s.say(f"{plain(name)} {_when(answer)}")


@app.command()
def pause(context: typer.Context, name: Name, by: By) -> None:
    """Pause a schedule."""
    s = session(context)
    answer = s.api.post(url_path("schedules", name, "pause"), None, by=by)
    if not s.show(answer):
        s.say(f"{plain(name)} is paused")


@app.command()
def resume(context: typer.Context, name: Name, by: By) -> None:
    """Resume a schedule, from now on."""
    s = session(context)
    answer = s.api.post(url_path("schedules", name, "resume"), None, by=by)
    if not s.show(answer):
        s.say(f"{plain(name)} {_when(answer)}")


@app.command()
def delete(context: typer.Context, name: Name, by: By) -> None:
    """Delete a schedule; instances that it started continue."""
    s = session(context)
    s.api.delete(url_path("schedules", name), by=by)
    if not s.show({"id": name, "deleted": True}):
        s.say(f"{plain(name)} is deleted")
