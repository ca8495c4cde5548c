"""The command line, composed of its commands."""

import os
import sys
from typing import Annotated

import typer

from taskway.api import Api
from taskway.commands import bulk, chaos, doctor, instances, operations, schedules, version, waiting
from taskway.errors import INTERRUPTED, CommandError
from taskway.session import Session
from taskway.terminal import Terminal, discard_output, prepare_streams, print_error

# Not `localhost`, which is ::1 first on many a machine: the services listen on 127.0.0.1 alone.
DEFAULT_URL = "http://127.0.0.1:8000"
PIPE_WIDTH = 1_000
VARIABLES = {"TASKWAY_URL", "TASKWAY_USER"}

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
    context.obj = Session(api, Terminal(width=width), as_json)


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
    operations.remove_torn,
    bulk.bulk,
    operations.audit,
    waiting.waiting,
    waiting.claim,
    waiting.release,
    waiting.decide,
    doctor.doctor,
    version.version,
):
    app.command(_command.__name__.removesuffix("_").replace("_", "-"))(_command)
# The name of `bulk` before 0.2; removed in 0.3.
app.command("batch", hidden=True, deprecated=True)(bulk.bulk)
app.add_typer(schedules.app, name="schedule")
app.add_typer(chaos.app, name="chaos")


def main() -> None:
    """Run the command, and exit with its status: 1 where it fails, 2 where it is misused.

    Every error that can be foreseen is one line on stderr.
    """
    prepare_streams()
    try:
        sys.argv = [_decode(argument) for argument in sys.argv]
        for name in VARIABLES & os.environ.keys():
            os.environ[name] = _decode(os.environ[name])
        _run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except CommandError as error:
        print_error(str(error))
        sys.exit(1)


def _run() -> None:
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # As `head` has it: the reader has what it wanted.
        discard_output()
        sys.exit(1)
    except OSError as error:
        discard_output()
        raise CommandError(f"The output cannot be written: {error.strerror or error}") from error
    except RecursionError as error:
        raise CommandError("This JSON is nested too deeply") from error
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        if os.environ.get("TASKWAY_TRACEBACK"):
            raise
        raise CommandError(
            f"What answers is not Taskway, or another version of it ({error!r}). `taskway version` "
            "shows the versions; TASKWAY_TRACEBACK=1 shows where this happened."
        ) from error


def _decode(argument: str) -> str:
    """Return an argument or a variable as text: in UTF-8, whatever the locale is.

    Raises:
        CommandError: It is not UTF-8.
    """
    try:
        argument.encode()
    except UnicodeEncodeError:
        try:
            return os.fsencode(argument).decode()
        except UnicodeDecodeError as error:
            raise CommandError(f"{argument!a} is not UTF-8") from error
    return argument
