"""The command line, composed of its commands."""

import os
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from taskway.api import Api
from taskway.commands import bulk, doctor, instances, operations, schedules, version, waiting
from taskway.errors import CommandError
from taskway.session import Session

DEFAULT_URL = "http://localhost:8000"
PIPE_WIDTH = 1_000

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Start workflows, see what they wait for, and repair them.",
)


@app.callback()
def options(
    context: typer.Context,
    url: Annotated[
        str, typer.Option(envvar="TASKWAY_URL", help="URL of the orchestrator.")
    ] = DEFAULT_URL,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Open the session that every command uses."""
    api = context.with_resource(Api(url))
    # Output to a pipe is for another program: each row is one line.
    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else PIPE_WIDTH
    context.obj = Session(api, Console(width=width), as_json)


for _command in (
    instances.workflows,
    instances.start,
    instances.list_,
    instances.summary,
    instances.show,
    instances.watch,
    instances.send,
    operations.pause,
    operations.resume,
    operations.terminate,
    operations.rerun,
    operations.purge,
    bulk.bulk,
    operations.audit,
    waiting.waiting,
    waiting.claim,
    waiting.release,
    waiting.decide,
    doctor.doctor,
    version.version,
):
    app.command(_command.__name__.removesuffix("_"))(_command)
# The name of `bulk` before 0.2; removed in 0.3.
app.command("batch", hidden=True, deprecated=True)(bulk.bulk)
app.add_typer(schedules.app, name="schedule")


def main() -> None:
    """Run the command; exit with 1 where it fails."""
    try:
        app()
    except CommandError as error:
        message = f"[bold red]Error:[/] {escape(str(error))}"
        Console(stderr=True).print(message, highlight=False, soft_wrap=True)
        sys.exit(1)
