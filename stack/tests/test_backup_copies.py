"""The copies of several stores are of one point in time, while others write to them."""

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import httpx
import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import TimeoutError as NoAnswerError
from redis.retry import Retry

from stack import backends
from stack.backup import sqlite_files
from stack.backup.redis_snapshot import RedisSnapshots
from stack.backup.restore import APPEND_ONLY
from stack.backup.source import alone, open_source
from stack.dapr_binaries import DaprBinaries
from stack.errors import StackError
from stack.layout import Ports, RunDirectory, address
from stack.ports import HOST
from stack.process import ProcessSpec

ROUNDS = 30
NO_RETRIES = Retry(NoBackoff(), 0)


def create(file: Path) -> Path:
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        # As Dapr's component has it.
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE counted (number INTEGER)")
        database.execute("INSERT INTO counted VALUES (0)")
    return file


def number_in(database: sqlite3.Connection) -> int:
    number: int = database.execute("SELECT number FROM counted").fetchone()[0]
    return number


@contextmanager
def counting(files: list[Path]) -> Iterator[None]:
    """Count in every file, one after another, again and again."""
    stop = threading.Event()

    def count() -> None:
        with ExitStack() as opened:
            databases = [
                opened.enter_context(
                    closing(sqlite3.connect(file, timeout=30, isolation_level=None))
                )
                for file in files
            ]
            while not stop.is_set():
                for database in databases:
                    database.execute("UPDATE counted SET number = number + 1")

    thread = threading.Thread(target=count)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_files_are_copied_as_of_one_point_in_time(tmp_path: Path) -> None:
    files = [create(tmp_path / name) for name in ("a.db", "b.db", "c.db")]
    with counting(files):
        for number in range(ROUNDS):
            with ExitStack() as kept:
                with sqlite_files.held_writes(files):
                    snapshots = kept.enter_context(sqlite_files.snapshots(files))
                # Read long after that, in the other order.
                copies = {file: tmp_path / f"{file.stem}-{number}" for file in reversed(files)}
                for file, copy in copies.items():
                    sqlite_files.copy(snapshots[file], copy)
            with ExitStack() as opened:
                first, second, third = (
                    number_in(opened.enter_context(closing(sqlite3.connect(copies[file]))))
                    for file in files
                )
            assert first >= second >= third >= first - 1


def test_a_file_that_is_no_database_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("no database, and longer than the header of one " * 3)
    with pytest.raises(sqlite3.DatabaseError), sqlite_files.held_writes([tmp_path / "a.db"]):
        pass
    with pytest.raises(sqlite3.OperationalError), sqlite_files.held_writes([tmp_path / "b.db"]):
        pass
    assert not (tmp_path / "b.db").exists()


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="needs redis-server")
async def test_redis_is_copied_as_of_when_its_writes_were_held(tmp_path: Path) -> None:
    run, password = RunDirectory(tmp_path), "secret"

    def plan(ports: Ports, _: httpx.AsyncClient) -> list[ProcessSpec]:
        return [backends.redis(run, ports, password)]

    async with alone(run, plan) as ports:
        writer = Redis(HOST, ports.redis, password=password, socket_timeout=0.2, retry=NO_RETRIES)
        with closing(writer), closing(RedisSnapshots(address(ports.redis), password)) as snapshots:
            writer.set("before", 1)
            with snapshots.held_writes():
                with pytest.raises(NoAnswerError):
                    writer.set("held", 1)
                assert snapshots.begin()
            writer.set("after", 1)
            snapshots.wait_written(60)
        (run.redis / "dump.rdb").rename(tmp_path / "snapshot")
    shutil.rmtree(run.redis)
    run.prepare()
    (tmp_path / "snapshot").rename(run.redis / APPEND_ONLY)
    for extra in (b"restored", b"restarted"):
        async with alone(run, plan) as ports:
            with closing(Redis(HOST, ports.redis, password=password)) as reader:
                expected = {b"before", *([] if extra == b"restored" else [b"restored"])}
                assert set(reader.keys()) == expected
                reader.set(extra, 1)


async def test_nothing_to_back_up_is_an_error(tmp_path: Path) -> None:
    run, dapr = RunDirectory(tmp_path / "run"), DaprBinaries(tmp_path, "1.18.2")
    with pytest.raises(StackError, match="has no data of a stack"):
        async with open_source(run, "sqlite", dapr):
            pass
    assert not run.root.exists()
    run.prepare()
    create(run.data / "orchestrator-state.db")
    with pytest.raises(StackError, match="PostgreSQL is backed up by its own programs"):
        async with open_source(run, "postgresql", dapr):
            pass
    with pytest.raises(StackError, match="has no data in redis: name the other store by STORE"):
        async with open_source(run, "redis", dapr):
            pass
