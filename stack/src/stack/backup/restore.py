"""Restores a backup into a new run directory."""

import shutil
from pathlib import Path

from stack.backup.etcd import SchedulerJobs
from stack.backup.folders import refuse_contents, whole_or_nothing
from stack.backup.manifest import JOBS, REDIS, Manifest, describe, read_manifest
from stack.backup.source import scheduler_alone
from stack.dapr_binaries import DaprBinaries
from stack.errors import StackError
from stack.layout import RunDirectory
from stack.lock import RunDirectoryLock

# A snapshot is a valid append-only file, one with a preamble and nothing after it; and with
# `appendonly yes` Redis reads no other. From 7 on, it makes its folder of files out of this one.
APPEND_ONLY = "appendonly.aof"


async def restore_backup(folder: Path, run: RunDirectory, dapr: DaprBinaries) -> Manifest:
    """Restore a backup, and return what it has; the stack is not started.

    Args:
        folder: The backup.
        run: What is made out of it: empty or missing until then, and still so after an error.
        dapr: The programs; the scheduler runs meanwhile, to take its jobs.

    Raises:
        StackError: The backup is not whole, the run directory is in use or has data, or the
            scheduler does not take its jobs.
    """
    _refuse_data(run)
    manifest = read_manifest(folder, dapr.version)
    with whole_or_nothing(run.root) as made:
        new = RunDirectory(made)
        new.prepare()
        _place(folder, manifest, new)
        async with scheduler_alone(new, dapr) as etcd:
            _load(etcd, folder / JOBS)
    return manifest


def _refuse_data(run: RunDirectory) -> None:
    """Fail unless the run directory is empty, but for what a stack that never started left."""
    lock = run.root / "lock"
    if lock.is_file():
        with RunDirectoryLock(run.root):
            lock.unlink()
    refuse_contents(run.root, "Move it away, or choose another folder with RUN_DIR")


def _place(folder: Path, manifest: Manifest, run: RunDirectory) -> None:
    for name, expected in manifest.files.items():
        if name == JOBS:
            continue
        to = run.redis / APPEND_ONLY if name == REDIS else run.root / name
        shutil.copyfile(folder / name, to)
        if describe(to) != expected:
            raise StackError(f"{to} is not what was copied from {folder / name}: try again.")


def _load(etcd: str, jobs: Path) -> None:
    with SchedulerJobs(etcd) as scheduler:
        scheduler.load(jobs)
