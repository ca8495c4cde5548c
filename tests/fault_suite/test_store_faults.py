"""A locked database file takes no write of anybody else, and can be read."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from support.fault_suite.scheduler_faults import fill
from support.fault_suite.small_disk import small_disk
from support.fault_suite.store_faults import locked


def test_a_locked_file_is_read_and_not_written(tmp_path: Path) -> None:
    file = tmp_path / "x.db"
    with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as other:
        other.execute("CREATE TABLE t (n)")
        with locked(file):
            with pytest.raises(sqlite3.OperationalError, match="database is locked"):
                other.execute("INSERT INTO t VALUES (1)")
            assert other.execute("SELECT count(*) FROM t").fetchone() == (0,)
        other.execute("INSERT INTO t VALUES (1)")


async def test_a_small_disk_is_filled_and_freed(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    async with small_disk(folder) as why:
        if why is not None:
            pytest.skip(why)
        fill(folder / "filler")
        # The name may still be written, its content not.
        with pytest.raises(OSError, match="No space left"):
            (folder / "more").write_bytes(b"\0" * 4096)
        (folder / "filler").unlink()
        (folder / "more").write_bytes(b"\0" * 4096)
    assert list(folder.iterdir()) == []
    assert not folder.with_suffix(".img").exists()
