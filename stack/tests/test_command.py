"""The command says in one line what is wrong, with a status."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stack.paths import pinned_dapr_version


@pytest.fixture
def dapr(tmp_path: Path) -> Path:
    """Programs that are found, and are never started."""
    folder = tmp_path / "dapr"
    folder.mkdir()
    for name in ("daprd", "placement", "scheduler"):
        (folder / name).write_text(f"#!/bin/sh\necho {pinned_dapr_version()}\n")
        (folder / name).chmod(0o755)
    return folder


def command(shell: str = '"$@"', **env: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    return subprocess.run(
        ["sh", "-c", shell, "sh", sys.executable, "-m", "stack", "demo"],
        env={**inherited, **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_run_directory_that_cannot_be_used_is_an_error(dapr: Path) -> None:
    ran = command(RUN_DIR="/dev/null/run", DAPR_BIN_DIR=str(dapr))
    reason = "/dev/null/run cannot be used: Not a directory. Choose another folder with RUN_DIR."
    assert (ran.returncode, ran.stderr) == (1, f"Error: {reason}\n")


def test_an_error_needs_neither_a_reader_nor_a_disk(dapr: Path) -> None:
    full = command('"$@" > /dev/full', RUN_DIR="/dev/null/run", DAPR_BIN_DIR=str(dapr))
    assert full.returncode == 1
    assert full.stderr.count("Error: ") == len(full.stderr.splitlines()) == 2
    closed = command('"$@" >&- 2>&-', RUN_DIR="/dev/null/run", DAPR_BIN_DIR=str(dapr))
    assert (closed.returncode, closed.stderr) == (1, "")


def test_dapr_that_cannot_be_stored_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    ran = command(PATH="/usr/bin:/bin", HOME=str(tmp_path), XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert ran.returncode == 1
    [line] = ran.stderr.splitlines()
    assert f"{tmp_path}/cache/taskway" in line
