"""Bulk operations: announce how many instances are selected, ask, and then do it."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from taskway.commands.operations import By, Children, Reason
from taskway.errors import CommandError
from taskway.filters import Filter, with_filter
from taskway.session import INCOMPLETE, Session, session
from taskway.terminal import Terminal, plain

SHOWN_IDS = 10
# The answer comes once all is done, to 500 instances at most.
TIMEOUT_SECONDS = 1_800.0
# Where the API offers bulk operations.
PATH = "/instances:batch"


class Operation(StrEnum):
    """An operation that can be done in bulk."""

    PAUSE = "pause"
    RESUME = "resume"
    TERMINATE = "terminate"
    RERUN = "rerun"
    PURGE = "purge"


@with_filter
def bulk(
    context: typer.Context,
    operation: Annotated[Operation, typer.Argument(help="The operation on each.")],
    reason: Reason,
    by: By,
    selected: Filter,
    all_: Annotated[bool, typer.Option("--all", help="All instances, without a filter.")] = False,
    children: Children = False,
    suffix: Annotated[
        str | None, typer.Option(help="For rerun: new ids are the old id, `-` and this.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List the instances, change nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Skip the confirmation.")] = False,
) -> None:
    """Run one operation on all instances of a filter, 500 at a time.

    Instances whose status does not allow the operation are left out.
    """
    s = session(context)
    if bool(selected) is all_:
        raise CommandError("Select instances by --workflow, --status, --prefix …, or --all")
    body = {
        "operation": operation,
        "filter": selected,
        "reason": reason,
        "by": by,
        "children": children,
        "suffix": suffix,
    }
    found = s.api.post(PATH, body)
    if dry_run or not found["count"]:
        if not s.show(found):
            s.say("\n".join(plain(line) for line in _announcement(found).split("\n")))
        return
    if not yes:
        # Not where the result goes, which a program may read.
        Terminal(stderr=True).print(
            _announcement(found), markup=False, highlight=False, soft_wrap=True
        )
        typer.confirm(f"{operation.capitalize()} {_count(found['count'])}?", abort=True, err=True)
    done = s.api.post(PATH, {**body, "confirm": found["count"]}, timeout=TIMEOUT_SECONDS)
    _print_results(s, done)


def _announcement(found: dict[str, Any]) -> str:
    """Return a text that says which instances are selected."""
    if not found["count"]:
        lines = [f"No instance of the filter is in a status that allows {found['operation']}"]
    else:
        lines = [f"To {found['operation']}: {_count(found['count'])}, the oldest first:"]
    ids = found["instance_ids"]
    lines += [f"  {instance}" for instance in ids[:SHOWN_IDS]]
    if len(ids) > SHOWN_IDS:
        lines.append(f"  … and {len(ids) - SHOWN_IDS} more")
    if found["remaining"]:
        lines.append(f"Left for another call: {_count(found['remaining'])}")
    if not found["index"]["complete"]:
        lines.append(INCOMPLETE)
    return "\n".join(lines)


def _print_results(s: Session, done: dict[str, Any]) -> None:
    """Print the result of each instance, and fail where some were refused."""
    refused = sum(item["result"] != "done" for item in done["results"])
    if not s.show(done):
        rows = (
            (
                item["instance_id"],
                item["result"].rsplit(":", 1)[-1],
                item["new_instance_id"] or item["detail"] or "",
            )
            for item in done["results"]
        )
        s.table(("INSTANCE", "RESULT", ""), rows)
        s.say(f"{len(done['results']) - refused} done, {refused} refused")
        if done["remaining"]:
            s.say(f"Left for another call: {_count(done['remaining'])}")
        s.incomplete(complete=done["index"]["complete"])
    if refused:
        raise CommandError(f"{refused} of {_count(len(done['results']))} were refused")


def _count(count: int) -> str:
    return "1 instance" if count == 1 else f"{count} instances"
