"""Mend instances, and see who did what."""

import getpass
from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.progress import track

from taskway.api import at
from taskway.commands.instances import Instance
from taskway.errors import CommandError
from taskway.requests import read_json
from taskway.session import Session, age, session, status

Reason = Annotated[str, typer.Option("--reason", "-r", help="Why; kept in the audit trail.")]
By = Annotated[
    str,
    typer.Option(
        "--by",
        envvar="TASKWAY_USER",
        default_factory=getpass.getuser,
        help="Who you are; kept in the audit trail.",
    ),
]
Children = Annotated[bool, typer.Option("--children", help="Its child workflows as well.")]
Instances = Annotated[list[str], typer.Argument(help="The instances' ids.")]


def _command(operation: str, help_: str) -> Callable[..., None]:
    """Return a command that does an operation to each of several instances."""

    def command(
        context: typer.Context,
        instances: Instances,
        reason: Reason,
        by: By,
        children: Children = False,
    ) -> None:
        body = {"reason": reason, "by": by, "children": children}
        _each(session(context), instances, operation, body)

    command.__name__, command.__doc__ = operation, help_
    return command


pause = _command("pause", "Pause instances: nothing more begins until they are resumed.")
resume = _command("resume", "Resume paused instances.")
terminate = _command("terminate", "End instances at once, without compensation.")
purge = _command("purge", "Delete all that is kept of finished instances.")


def rerun(
    context: typer.Context,
    instance: Instance,
    new_id: Annotated[str, typer.Argument(help="The new instance's name; repeating is safe.")],
    reason: Reason,
    by: By,
    from_event: Annotated[
        int | None,
        typer.Option(help="The number before a step in `taskway show`; else the start."),
    ] = None,
    input_: Annotated[
        str | None, typer.Option("--input", help="Another input: JSON, or @file.")
    ] = None,
) -> None:
    """Run a finished instance again, as a new one."""
    s = session(context)
    body = {"reason": reason, "by": by, "new_id": new_id, "from_event": from_event}
    if input_ is not None:
        body["input"] = read_json(input_)  # type: ignore[assignment]
    answer = s.api.post(at("instances", instance, "rerun"), body)
    if not s.show(answer):
        s.say(f"{instance} runs again as {answer['new_instance_id']}")


def audit(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
) -> None:
    """List who did what, the newest first."""
    s = session(context)
    found, _ = s.api.listed("/audit", "before", limit)
    if not s.show(found):
        rows = (
            (
                age(e["at"]),
                e["by"],
                e["action"],
                e["target"],
                e["result"].rsplit(":", 1)[-1],
                escape(e["reason"] or ""),
            )
            for e in found
        )
        s.table(("AGO", "WHO", "WHAT", "WHICH", "RESULT", "WHY"), rows)


def _each(s: Session, instances: list[str], operation: str, body: dict[str, Any]) -> None:
    """Do the same to several instances; one that is refused does not keep the others from it."""
    results, refused = [], []
    quiet = s.as_json or not s.console.is_terminal or len(instances) == 1
    for instance in track(
        instances,
        description=operation,
        console=s.console,
        transient=True,
        disable=quiet,
    ):
        try:
            results.append(_one(s, instance, operation, body))
        except CommandError as error:
            refused.append(f"{instance}: {error}")
    if not s.show(results):
        for result in results:
            now = status(result["status"]) if result["status"] else "purged"
            s.say(f"{result['instance_id']} is {now}")
    if refused:
        raise CommandError("\n".join(refused))


def _one(s: Session, instance: str, operation: str, body: dict[str, Any]) -> Any:
    if operation == "purge":
        return s.api.delete(at("instances", instance), **body)
    return s.api.post(at("instances", instance, operation), body)
