"""Consistent copies of SQLite files while others write to them."""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

# As long as a sidecar waits for another writer (busyTimeout of components/sqlite).
_LOCK_SECONDS = 10.0


@contextmanager
def held_writes(files: Sequence[Path]) -> Iterator[None]:
    """Keep every other writer out of these files: with them all, there is one point in time.

    Raises:
        sqlite3.Error: One of them is not a database, or is written for too long.
    """
    with ExitStack() as held:
        for file in files:
            connection = held.enter_context(closing(_open(file)))
            connection.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def snapshots(files: Sequence[Path]) -> Iterator[dict[Path, sqlite3.Connection]]:
    """Yield connections that see their files as they are now, whatever is written later.

    Raises:
        sqlite3.Error: One of them is not a database.
    """
    with ExitStack() as opened:
        connections = {file: opened.enter_context(closing(_open(file))) for file in files}
        for connection in connections.values():
            connection.execute("BEGIN")
            # A transaction begins with its first read.
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        yield connections


def copy(snapshot: sqlite3.Connection, to: Path) -> None:
    """Copy what a connection sees to a new file, by SQLite's online backup.

    Raises:
        sqlite3.Error: It cannot be read or written.
        OSError: It cannot be written.
    """
    os.close(os.open(to, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with closing(sqlite3.connect(to)) as target:
        snapshot.backup(target)


def _open(file: Path) -> sqlite3.Connection:
    # By its URI, which creates no file that is missing.
    uri = f"{file.absolute().as_uri()}?mode=rw"
    return sqlite3.connect(uri, uri=True, timeout=_LOCK_SECONDS, isolation_level=None)
