"""Do the same to many instances: first it says to how many, then it asks, then it does it."""

from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.markup import escape

from taskway import filters
from taskway.commands.operations import By, Children, Reason
from taskway.errors import CommandError
from taskway.session import INCOMPLETE, Session, session

SHOWN_IDS = 10
# The answer comes once all is done, to 500 instances at most.
TIMEOUT_SECONDS = 1_800.0


class Operation(StrEnum):
    """What can be done to many."""

    PAUSE = "pause"
    RESUME = "resume"
    TERMINATE = "terminate"
    RERUN = "rerun"
    PURGE = "purge"


def batch(
    context: typer.Context,
    operation: Annotated[Operation, typer.Argument(help="What to do to each.")],
    reason: Reason,
    by: By,
    workflow: filters.Workflows = None,
    status: filters.Statuses = None,
    prefix: filters.Prefix = None,
    search: filters.Search = None,
    waiting_for: filters.WaitingFor = None,
    overdue: filters.Overdue = False,
    parent: filters.Parent = None,
    top_level: filters.TopLevel = False,
    created_from: filters.CreatedFrom = None,
    created_to: filters.CreatedTo = None,
    all_: Annotated[bool, typer.Option("--all", help="All there are, without a filter.")] = False,
    children: Children = False,
    suffix: Annotated[
        str | None, typer.Option(help="For rerun: the new ids are the old ones, `-` and this.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say to which.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Do the same to all instances of a filter that are in a state for it, 500 at a time."""
    s = session(context)
    wanted = filters.wanted(
        workflow=workflow,
        status=status,
        prefix=prefix,
        search=search,
        waiting_for=waiting_for,
        overdue=overdue,
        parent=parent,
        top_level=top_level,
        created_from=created_from,
        created_to=created_to,
    )
    if bool(wanted) is all_:
        raise CommandError("Say which instances, by --workflow, --status, --prefix …, or --all")
    body = {
        "operation": operation,
        "filter": wanted,
        "reason": reason,
        "by": by,
        "children": children,
        "suffix": suffix,
    }
    found = s.api.post("/instances:batch", body)
    if dry_run or not found["count"]:
        if not s.show(found):
            s.say(escape(_announcement(found)))
        return
    if not yes:
        # Not where the result goes, which a program may read.
        typer.echo(_announcement(found), err=True)
        typer.confirm(f"{operation} {_many(found['count'])}?", abort=True, err=True)
    done = s.api.post(
        "/instances:batch", {**body, "confirm": found["count"]}, timeout=TIMEOUT_SECONDS
    )
    _tell(s, done)


def _announcement(found: dict[str, Any]) -> str:
    """Return in words which instances it would be."""
    if not found["count"]:
        lines = [f"No instance of the filter is in a state for {found['operation']}"]
    else:
        lines = [f"{found['operation']} would take {_many(found['count'])}, the oldest first:"]
    ids = found["instance_ids"]
    lines += [f"  {instance}" for instance in ids[:SHOWN_IDS]]
    if len(ids) > SHOWN_IDS:
        lines.append(f"  … and {len(ids) - SHOWN_IDS} more")
    if found["remaining"]:
        lines.append(f"and leave {_many(found['remaining'])} for another call")
    if not found["index"]["complete"]:
        lines.append(INCOMPLETE)
    return "\n".join(lines)


def _tell(s: Session, done: dict[str, Any]) -> None:
    """Print what became of each, and fail where some were refused."""
    refused = sum(item["result"] != "done" for item in done["results"])
    if not s.show(done):
        rows = (
            (
                item["instance_id"],
                item["result"].rsplit(":", 1)[-1],
                escape(item["new_instance_id"] or item["detail"] or ""),
            )
            for item in done["results"]
        )
        s.table(("INSTANCE", "RESULT", ""), rows)
        s.say(f"{len(done['results']) - refused} done, {refused} refused")
        if done["remaining"]:
            s.say(f"{_many(done['remaining'])} are left for another call")
        s.incomplete(complete=done["index"]["complete"])
    if refused:
        raise CommandError(f"{refused} of {_many(len(done['results']))} were refused")


def _many(count: int) -> str:
    return "1 instance" if count == 1 else f"{count} instances"
