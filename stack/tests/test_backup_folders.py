"""A backup, and what is restored from one, is there as a whole or not at all."""

from pathlib import Path

import pytest

from stack.backup.folders import refuse_contents, whole_or_nothing
from stack.errors import StackError


def test_a_folder_appears_when_it_is_whole(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    with whole_or_nothing(folder) as made:
        (made / "file").touch()
        assert not folder.exists()
    assert [path.name for path in folder.iterdir()] == ["file"]
    assert folder.stat().st_mode & 0o077 == 0
    assert list(folder.parent.iterdir()) == [folder]


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> None:
        with whole_or_nothing(tmp_path / "b") as made:
            (made / "file").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_what_somebody_else_puts_there_meanwhile_stays(tmp_path: Path) -> None:
    folder = tmp_path / "b"
    folder.mkdir()

    def too_late() -> None:
        with whole_or_nothing(folder) as made:
            (made / "file").touch()
            (folder / "theirs").touch()

    with pytest.raises(OSError, match="not empty"):
        too_late()
    assert [path.name for path in folder.iterdir()] == ["theirs"]
    assert list(tmp_path.iterdir()) == [folder]


def test_only_what_is_empty_is_used(tmp_path: Path) -> None:
    refuse_contents(tmp_path, "Reason")
    refuse_contents(tmp_path / "missing", "Reason")
    (tmp_path / "file").touch()
    with pytest.raises(StackError, match=r"is not empty: it has file\. Reason\."):
        refuse_contents(tmp_path, "Reason")
    with pytest.raises(StackError, match="Not a directory"):
        refuse_contents(tmp_path / "file", "Reason")
