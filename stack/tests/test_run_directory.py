"""A run directory that cannot be used is named in one line."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from stack.errors import StackError
from stack.layout import RunDirectory, resolve_run_directory
from stack.lock import RunDirectoryLock


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "file"
    made.touch()
    return made


@pytest.mark.parametrize(
    "place",
    [
        lambda file: file,
        lambda file: file / "run",
        lambda _: Path("/proc/run"),
        lambda file: file.parent / ("a" * 300),
    ],
    ids=["a file", "below a file", "no place for files", "too long a name"],
)
def test_a_place_that_cannot_be_written_is_named(place: Callable[[Path], Path], file: Path) -> None:
    where = place(file)
    with pytest.raises(StackError) as error, RunDirectoryLock(where):
        pass
    assert str(error.value).startswith(f"{where} cannot be used: ")
    assert "RUN_DIR" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_loop_of_links_is_named(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(StackError, match="loop cannot be used"):
        resolve_run_directory(tmp_path / "loop")


def test_a_name_with_a_line_break_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(StackError) as error:
        resolve_run_directory(tmp_path / "a\nb")
    assert "\n" not in str(error.value)


def test_files_of_another_user_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = RunDirectory(tmp_path)
    run.prepare()
    foreign = run.data / "orchestrator-state.db"
    foreign.touch()
    run.prepare()
    # Root may write everything, and tests are run by root as well.
    monkeypatch.setattr(os, "access", lambda path, _: path != foreign)
    with pytest.raises(StackError, match=r"orchestrator-state\.db cannot be written by this user"):
        run.prepare()
