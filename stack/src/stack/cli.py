"""`python -m stack`: run the system on this machine."""

import asyncio
import os
import shlex
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.markup import escape

from stack.backup import commands
from stack.backup.commands import RunDirOption, StoreOption
from stack.dapr_setup import provide_dapr
from stack.demo import DEFAULT_WORKFLOW, Demo
from stack.errors import INTERRUPTED, ProcessExitedError, StackError, UnknownSampleError
from stack.layout import APPS, FRONT
from stack.options import StackOptions, Store
from stack.output import Output, prepare_streams, print_error
from stack.paths import DEFAULT_RUN_DIR
from stack.readiness import local_client
from stack.stack import Stack
from stack.stop_signals import StopSignals

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)
console = Output()

VerboseOption = Annotated[
    bool, typer.Option("--verbose", "-v", help="Show the log of every process.")
]
WorkflowOption = Annotated[str, typer.Option(help="The workflow to run, by its short name.")]
SampleOption = Annotated[str | None, typer.Option(help="The sample to run; by default the first.")]
app.command()(commands.backup)
app.command()(commands.restore)
app.command(hidden=True)(commands.export_jobs)
app.command(hidden=True)(commands.import_jobs)


@app.command()
def run(
    store: StoreOption = "sqlite",
    run_dir: RunDirOption = DEFAULT_RUN_DIR,
    verbose: VerboseOption = False,
    workflow: WorkflowOption = DEFAULT_WORKFLOW,
    sample: SampleOption = None,
) -> None:
    """Start the system, run a sample, and stay until Ctrl-C."""
    _execute(_options(store, run_dir, verbose, restart_all=True), _RUN, (workflow, sample))


@app.command()
def demo(
    store: StoreOption = "sqlite",
    run_dir: RunDirOption = DEFAULT_RUN_DIR,
    verbose: VerboseOption = False,
    workflow: WorkflowOption = DEFAULT_WORKFLOW,
    sample: SampleOption = None,
) -> None:
    """Start the system, run a sample, and stop; exit with 0 where it ended as it should."""
    _execute(_options(store, run_dir, verbose, restart_all=False), _DEMO, (workflow, sample))


Shown = tuple[str, str | None]
"""The workflow and its sample; None for the first."""


@dataclass(frozen=True)
class Mode:
    """What a command does after its sample.

    Args:
        after: Takes the stack, and whether the sample ended as it should; returns the exit code.
        needs_sample: Whether a sample that was not answered in time ends the stack.
        when_stopped: The exit code where the user stopped it, once it was up.
    """

    after: Callable[[Stack, bool], Awaitable[int]]
    needs_sample: bool
    when_stopped: int


def _options(store: Store, run_dir: Path, verbose: bool, *, restart_all: bool) -> StackOptions:
    def report(line: str) -> None:
        console.print(f"[dim]{escape(line)}[/]", highlight=False)

    def warn(line: str) -> None:
        console.print(f"[bold yellow]! {escape(line)}[/]", highlight=False)

    return StackOptions(
        run_dir, store, echo=verbose, restart_all=restart_all, report=report, warn=warn
    )


def main() -> None:
    """Run the command, and exit with its status; every error that can be foreseen is on stderr."""
    prepare_streams()
    app(prog_name="python -m stack")


def _execute(options: StackOptions, mode: Mode, shown: Shown) -> None:
    try:
        options = replace(options, dapr=provide_dapr(os.environ, console))
        code = asyncio.run(_main(options, mode, shown))
    except StackError as error:
        print_error(str(error))
        if isinstance(error, ProcessExitedError):
            console.print("What was accepted is kept: the next start continues it.")
        code = 1
    except OSError as error:
        where = error.filename or options.run_dir
        print_error(f"{where} cannot be used: {error.strerror or error}")
        code = 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        console.print("Stopped.")
        code = INTERRUPTED
    console.finish()
    if console.failure is not None:
        print_error(f"The output could not be written: {console.failure.strerror}")
        code = code or 1
    raise typer.Exit(code)


async def _main(options: StackOptions, mode: Mode, shown: Shown) -> int:
    stack = Stack(options)
    signals = StopSignals(stack, lambda: console.print("\nStopping … (once more to kill)"))
    try:
        async with stack:
            return await _work(stack, mode, shown)
    except asyncio.CancelledError:
        if not stack.up or signals.killed:
            raise
        console.print("Stopped.")
        return mode.when_stopped


async def _work(stack: Stack, mode: Mode, shown: Shown) -> int:
    """Show the sample, unless the stack fails first."""

    async def show() -> int:
        urls = {name: stack.url(name) for name in APPS}
        async with local_client() as client:
            try:
                good = await Demo(urls, console, client, *shown).show()
            except UnknownSampleError:
                raise
            except StackError as error:
                if mode.needs_sample:
                    raise
                # What it showed may have been killed meanwhile, and be there again.
                print_error(str(error))
                good = False
        return await mode.after(stack, good)

    showing = asyncio.create_task(show())
    failed = asyncio.create_task(stack.wait_failure())
    try:
        await asyncio.wait({showing, failed}, return_when=asyncio.FIRST_COMPLETED)
        if failed.done():
            raise failed.result()
        return showing.result()
    finally:
        showing.cancel()
        failed.cancel()


async def _leave(stack: Stack, good: bool) -> int:
    return 0 if good else 1


async def _stay(stack: Stack, good: bool) -> int:
    addresses = {
        "Swagger UI": f"{stack.url(FRONT)}/docs",
        **{name: f"{stack.url(name)}/docs" for name in APPS if name != FRONT},
        "Logs": str(stack.run.logs),
    }
    if stack.has("jaeger"):
        addresses["Jaeger"] = stack.url("jaeger")
    console.print()
    for label, where in addresses.items():
        console.print(f"  [bold]{label:<11}[/] {where}", highlight=False)
    if export := shell_export(stack.url(FRONT), stack.options.prefer_port):
        console.print(f"\nFor `taskway` and curl in another shell:\n  {export}", highlight=False)
    console.print(
        "\nKill a process, and see what that does to a task, in another shell:\n  "
        + chaos_command(stack.run.root),
        highlight=False,
        markup=False,
    )
    console.print("\nRunning. Ctrl-C stops it; the next start continues with the same data.")
    await asyncio.Event().wait()
    return 0


# `run` is stopped by the user, and that is a success.
_RUN = Mode(_stay, needs_sample=False, when_stopped=0)
_DEMO = Mode(_leave, needs_sample=True, when_stopped=INTERRUPTED)


def shell_export(api: str, preferred: int | None) -> str | None:
    """Return the shell command that points `taskway` to an API on another port than usual.

    Args:
        api: The base URL of the orchestrator's API.
        preferred: The usual port; None where there is none.
    """
    if preferred in (None, urlsplit(api).port):
        return None
    return f"export TASKWAY_URL={api}"


def chaos_command(run_dir: Path) -> str:
    """Return the shell command that kills the orchestrator while it runs a task.

    Args:
        run_dir: Where the stack runs.
    """
    where = [] if run_dir == DEFAULT_RUN_DIR.resolve() else ["--run-dir", str(run_dir)]
    program = Path(sys.executable).with_name("taskway")
    if program.is_relative_to(Path.cwd()):
        program = program.relative_to(Path.cwd())
    return shlex.join([str(program), "chaos", "kill", "orchestrator", *where])
