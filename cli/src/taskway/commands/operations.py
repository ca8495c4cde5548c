"""Repair instances, and list the audit trail."""

import getpass
from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.progress import track

from taskway.api import url_path
from taskway.commands.instances import Instance
from taskway.errors import CommandError
from taskway.requests import read_json
from taskway.session import Session, age, session, status
from taskway.terminal import plain


def current_user() -> str:
    """Return the name of the user who runs the command.

    Raises:
        CommandError: The user has no name, as in many a container.
    """
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError) as error:
        raise CommandError(
            "This user has no name here: give yours with --by or TASKWAY_USER"
        ) from error


Reason = Annotated[str, typer.Option("--reason", "-r", help="The reason, for the audit trail.")]
By = Annotated[
    str,
    typer.Option(
        "--by",
        envvar="TASKWAY_USER",
        default_factory=current_user,
        help="Your user name, for the audit trail.",
    ),
]
Children = Annotated[bool, typer.Option("--children", help="Include child workflows.")]
Instances = Annotated[list[str], typer.Argument(help="The ids of the instances.")]


def _command(operation: str, help_: str) -> Callable[..., None]:
    """Return a command that runs an operation on each of several instances."""

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


pause = _command("pause", "Pause instances: no further step begins until they are resumed.")
resume = _command("resume", "Resume paused instances.")
terminate = _command("terminate", "Terminate instances at once, without compensation.")
purge = _command("purge", "Purge finished instances: delete their state and history.")


def rerun(
    context: typer.Context,
    instance: Instance,
    new_id: Annotated[
        str, typer.Argument(help="The request id of the new instance; repeating is safe.")
    ],
    reason: Reason,
    by: By,
    from_event: Annotated[
        int | None,
        typer.Option(help="The number of a step in `taskway show`; by default the start."),
    ] = None,
    input_: Annotated[
        str | None, typer.Option("--input", help="A new input: JSON, @file or -.")
    ] = None,
) -> None:
    """Rerun a finished instance as a new one."""
    s = session(context)
    body = {"reason": reason, "by": by, "new_id": new_id, "from_event": from_event}
    if input_ is not None:
        body["input"] = read_json(input_)  # type: ignore[assignment]
    answer = s.api.post(url_path("instances", instance, "rerun"), body)
    if not s.show(answer):
        s.say(f"{plain(instance)} was rerun as {plain(answer['new_instance_id'])}")


def remove_torn(context: typer.Context, instances: Instances, reason: Reason, by: By) -> None:
    """Remove instances whose stored state is incomplete, and compensate their effects."""
    s = session(context)
    _each(s, instances, "remove-torn", {"reason": reason, "by": by})


def audit(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="Lines, at most.")] = 50,
    export: Annotated[
        bool, typer.Option("--export", help="Print every entry as a line of JSON instead.")
    ] = False,
) -> None:
    """List the audit trail, the newest entry first."""
    s = session(context)
    if export:
        for line in s.api.lines("/audit/export"):
            typer.echo(line)
        return
    found, _ = s.api.list_items("/audit", "before", limit)
    if not s.show(found):
        rows = (
            (
                age(e["at"]),
                e["by"],
                e["action"],
                e["target"],
                e["result"].rsplit(":", 1)[-1],
                e["reason"] or "",
            )
            for e in found
        )
        s.table(("AGO", "BY", "ACTION", "TARGET", "RESULT", "REASON"), rows)


def _each(s: Session, instances: list[str], operation: str, body: dict[str, Any]) -> None:
    """Run an operation on several instances; one that is refused does not stop the others."""
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
            s.say(f"{plain(result['instance_id'])} is {_outcome(result)}")
    if refused:
        raise CommandError("\n".join(refused))


def _outcome(result: dict[str, Any]) -> str:
    """Return what became of an instance, in words."""
    if "compensated" in result:
        return f"removed; compensated: {plain(', '.join(result['compensated']) or 'nothing')}"
    return status(result["status"]) if result["status"] else "purged"


def _one(s: Session, instance: str, operation: str, body: dict[str, Any]) -> Any:
    if operation == "purge":
        return s.api.delete(url_path("instances", instance), **body)
    return s.api.post(url_path("instances", instance, operation), body)
