"""`python -m stack backup` and `python -m stack restore`."""

import asyncio
import os
import shlex
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from stack.backup.create import create_backup
from stack.backup.etcd import SchedulerJobs
from stack.backup.manifest import Manifest
from stack.backup.restore import restore_backup
from stack.dapr_binaries import DaprBinaries
from stack.dapr_setup import provide_dapr
from stack.errors import INTERRUPTED, StackError
from stack.layout import RunDirectory, resolve_run_directory
from stack.options import Store
from stack.output import Output, print_error
from stack.paths import DEFAULT_RUN_DIR

StoreOption = Annotated[Store, typer.Option(envvar="STORE", help="The state store.")]
RunDirOption = Annotated[
    Path, typer.Option(envvar="RUN_DIR", help="The directory for data and logs.")
]
FolderArgument = Annotated[Path, typer.Argument(help="The folder of the backup.")]
EtcdArgument = Annotated[str, typer.Argument(help="The base URL of the scheduler's etcd.")]
FileArgument = Annotated[Path, typer.Argument(help="The file with the jobs.")]
NamespaceOption = Annotated[str, typer.Option(help="Dapr's namespace of the applications.")]

console = Output()


def backup(
    folder: FolderArgument, store: StoreOption = "sqlite", run_dir: RunDirOption = DEFAULT_RUN_DIR
) -> None:
    """Back up state and scheduler, while the system runs or after it was stopped.

    --store matters for one that was stopped.
    """

    async def work(run: RunDirectory, dapr: DaprBinaries) -> None:
        made = await create_backup(run, store, dapr, folder.absolute())
        _say(f"Backed up {run.root} to {folder}: {_describe(made)}")

    _execute(run_dir, work)


def restore(folder: FolderArgument, run_dir: RunDirOption = DEFAULT_RUN_DIR) -> None:
    """Restore a backup into a run directory that is empty or missing."""

    async def work(run: RunDirectory, dapr: DaprBinaries) -> None:
        made = await restore_backup(folder.absolute(), run, dapr)
        _say(f"Restored {folder} into {run.root}: {_describe(made)}")
        _say(f"Start it: {run_command(run.root, made.store)}")

    _execute(run_dir, work)


def export_jobs(etcd: EtcdArgument, file: FileArgument, namespace: NamespaceOption) -> None:
    """Write a namespace's jobs in Dapr's scheduler to a file."""

    def work() -> None:
        with SchedulerJobs(etcd, namespace) as scheduler:
            count = scheduler.export(scheduler.revision(), file)
        _say(f"{count} jobs are in {file}")

    _report(work, file)


def import_jobs(etcd: EtcdArgument, file: FileArgument, namespace: NamespaceOption) -> None:
    """Write the jobs of a file to a Dapr scheduler that has none."""

    def work() -> None:
        with SchedulerJobs(etcd, namespace) as scheduler:
            scheduler.load(file)
        _say(f"The jobs in {file} are in the scheduler")

    _report(work, file)


def run_command(run_dir: Path, store: Store) -> str:
    """Return the shell command that starts a stack.

    Args:
        run_dir: Its run directory.
        store: Its state store.
    """
    where = [] if run_dir == DEFAULT_RUN_DIR.resolve() else [f"RUN_DIR={run_dir}"]
    return shlex.join(["make", "run", f"STORE={store}", *where])


def _execute(
    run_dir: Path, work: Callable[[RunDirectory, DaprBinaries], Coroutine[Any, Any, None]]
) -> None:
    def all_of_it() -> None:
        run = RunDirectory(resolve_run_directory(run_dir))
        asyncio.run(work(run, provide_dapr(os.environ, console)))

    _report(all_of_it, run_dir)


def _report(work: Callable[[], None], path: Path) -> None:
    """Run a command, and exit with its status, an error in a line."""
    code = 0
    try:
        work()
    except StackError as error:
        print_error(str(error))
        code = 1
    except OSError as error:
        print_error(f"{error.filename or path} cannot be used: {error.strerror or error}")
        code = 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        print_error("Stopped.")
        code = INTERRUPTED
    console.finish()
    raise typer.Exit(code)


def _describe(made: Manifest) -> str:
    return (
        f"{made.store}, {made.jobs} jobs, {made.bytes / 1e6:.1f} MB, as of {made.created_at} "
        f"(taskway {made.taskway}, Dapr {made.dapr})"
    )


def _say(line: str) -> None:
    console.print(escape(line), highlight=False)
