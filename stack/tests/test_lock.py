"""A run directory is used by one stack at a time."""

import os
from pathlib import Path

import pytest

from stack.errors import StackError
from stack.lock import RunDirectoryLock


def test_a_second_stack_is_refused_with_the_process_of_the_first(tmp_path: Path) -> None:
    with (
        RunDirectoryLock(tmp_path / "run"),
        pytest.raises(StackError, match=f"process {os.getpid()}.*RUN_DIR"),
        RunDirectoryLock(tmp_path / "run"),
    ):
        pass


def test_a_run_directory_can_be_used_again(tmp_path: Path) -> None:
    for _ in range(2):
        with RunDirectoryLock(tmp_path / "run"):
            pass
