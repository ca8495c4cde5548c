"""Makes a backup."""

import shutil
import sqlite3
import time
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

from redis import RedisError

from stack.backends import redis_password
from stack.backup import sqlite_files
from stack.backup.etcd import SchedulerJobs
from stack.backup.folders import refuse_contents, whole_or_nothing
from stack.backup.manifest import JOBS, REDIS, Manifest, write_manifest
from stack.backup.redis_snapshot import RedisSnapshots
from stack.backup.source import Source, open_source
from stack.dapr_binaries import DaprBinaries
from stack.errors import StackError
from stack.layout import RunDirectory
from stack.options import Store

# A rewrite of the append-only file, and a snapshot of all that the store may hold.
_REDIS_SECONDS = 300.0
_RETRY_SECONDS = 0.5


async def create_backup(
    run: RunDirectory, store: Store, dapr: DaprBinaries, folder: Path
) -> Manifest:
    """Back up a stack, which may run meanwhile, and return what the backup has.

    Args:
        run: Its run directory.
        store: Its state store, where it does not run.
        dapr: The programs.
        folder: Created, with all of the backup or not at all.

    Raises:
        StackError: There is something in the folder, or the data cannot be read.
    """
    refuse_contents(folder, "A backup is made in a folder of its own")
    async with open_source(run, store, dapr) as source:
        return _create(source, dapr.version, folder)


def _create(source: Source, dapr: str, folder: Path) -> Manifest:
    copy = _copy_sqlite if source.store == "sqlite" else _copy_redis
    with whole_or_nothing(folder) as made, SchedulerJobs(source.etcd) as scheduler:
        try:
            at, revision = copy(source, scheduler, made)
        except sqlite3.Error as error:
            raise StackError(f"{source.run.data} cannot be copied: {error}") from error
        except RedisError as error:
            raise StackError(f"Redis at {source.redis} cannot be copied: {error}") from error
        jobs = scheduler.export(revision, made / JOBS)
        return write_manifest(made, at, dapr, source.store, jobs)


def _copy_sqlite(source: Source, scheduler: SchedulerJobs, folder: Path) -> tuple[datetime, int]:
    """Copy the files of a point in time, and return it, with the revision of the jobs then."""
    with ExitStack() as kept:
        with sqlite_files.held_writes(source.files):
            at, revision = datetime.now(UTC), scheduler.revision()
            snapshots = kept.enter_context(sqlite_files.snapshots(source.files))
        (folder / source.run.data.name).mkdir()
        for file, snapshot in snapshots.items():
            sqlite_files.copy(snapshot, folder / source.run.data.name / file.name)
    return at, revision


def _copy_redis(source: Source, scheduler: SchedulerJobs, folder: Path) -> tuple[datetime, int]:
    """Have Redis write a snapshot, and return its time with the revision of the jobs then."""
    deadline = time.monotonic() + _REDIS_SECONDS
    with closing(RedisSnapshots(source.redis, redis_password(source.run))) as redis:
        while True:
            with redis.held_writes():
                at, revision = datetime.now(UTC), scheduler.revision()
                begun = redis.begin()
            if begun:
                break
            if time.monotonic() > deadline:
                raise StackError("Redis begins no snapshot: it writes another file all the time.")
            time.sleep(_RETRY_SECONDS)
        redis.wait_written(_REDIS_SECONDS)
    # Of no use to Redis, which reads its append-only file alone.
    shutil.move(source.run.redis / "dump.rdb", folder / REDIS)
    return at, revision
