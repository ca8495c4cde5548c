"""A backup that is not whole, or of a later release, is refused before anything is written."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from stack.backup.manifest import FILE, FORMAT, JOBS, read_manifest, write_manifest
from stack.backup.restore import restore_backup
from stack.dapr_binaries import DaprBinaries
from stack.errors import StackError
from stack.layout import RunDirectory
from stack.lock import RunDirectoryLock
from stack.paths import pinned_dapr_version

DAPR = pinned_dapr_version()
DATABASE = "data/orchestrator-actors.db"


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    folder = tmp_path / "backup"
    (folder / "data").mkdir(parents=True)
    (folder / DATABASE).write_bytes(b"a" * 100)
    (folder / JOBS).write_text('{"key": "YQ==", "value": ""}\n')
    write_manifest(folder, datetime.now(UTC), DAPR, "sqlite", 1)
    return folder


@pytest.fixture
def dapr(tmp_path: Path) -> DaprBinaries:
    """A scheduler that ends at once."""
    folder = tmp_path / "dapr"
    folder.mkdir()
    (folder / "scheduler").write_text("#!/bin/sh\necho no disk\nexit 1\n")
    (folder / "scheduler").chmod(0o755)
    return DaprBinaries(folder, DAPR)


def content(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


def changed(**values: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        manifest = json.loads((folder / FILE).read_text())
        (folder / FILE).write_text(json.dumps({**manifest, **values}))

    return change


def truncated(folder: Path) -> None:
    (folder / FILE).write_text((folder / FILE).read_text()[:50])


def flipped(folder: Path) -> None:
    (folder / DATABASE).write_bytes(b"a" * 99 + b"b")


def elsewhere(folder: Path) -> None:
    (folder.parent / "elsewhere.db").write_bytes(b"")
    changed(files={JOBS: {}, "data/../../elsewhere.db": {}})(folder)


DAMAGES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no manifest": (lambda folder: (folder / FILE).unlink(), "is no backup: .*is missing"),
    "half a manifest": (truncated, "is no backup: its manifest.json is damaged"),
    "no object": (lambda folder: (folder / FILE).write_text("[]"), "is damaged"),
    "a later layout": (changed(format=FORMAT + 1), f"format {FORMAT + 1}.*restores {FORMAT}"),
    "a later Dapr": (changed(dapr="99.0.0"), "made with Dapr 99.0.0"),
    "a later release": (changed(taskway="99.0.0"), "made with Taskway 99.0.0"),
    "no version": (changed(dapr="edge"), "is damaged"),
    "another store": (changed(store="paper"), "is damaged"),
    "no files": (changed(files={}), "is damaged"),
    "a file elsewhere": (elsewhere, "is damaged"),
    "a file less": (lambda folder: (folder / DATABASE).unlink(), f"incomplete: {DATABASE}"),
    "a changed file": (flipped, f"damaged: {DATABASE} is not as it was"),
    "a longer file": (lambda folder: (folder / JOBS).write_text("x\n" * 40), "damaged: jobs.jsonl"),
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_backup_is_refused(
    backup: Path, dapr: DaprBinaries, tmp_path: Path, damage: str
) -> None:
    change, reason = DAMAGES[damage]
    change(backup)
    before = content(tmp_path)
    with pytest.raises(StackError, match=reason):
        await restore_backup(backup, RunDirectory(tmp_path / "run"), dapr)
    assert content(tmp_path) == before


async def test_a_folder_of_something_else_is_refused(dapr: DaprBinaries, tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "missing", dapr.scheduler):
        with pytest.raises(StackError, match=str(place)):
            await restore_backup(place, RunDirectory(tmp_path / "run"), dapr)


def test_a_backup_of_an_earlier_patch_is_read(backup: Path) -> None:
    manifest = read_manifest(backup, "99.0.0")
    assert (manifest.dapr, manifest.store, manifest.jobs) == (DAPR, "sqlite", 1)
    assert manifest.bytes == 100 + len((backup / JOBS).read_bytes())


async def test_a_run_directory_with_data_is_refused(
    backup: Path, dapr: DaprBinaries, tmp_path: Path
) -> None:
    run = RunDirectory(tmp_path / "run")
    run.data.mkdir(parents=True)
    with pytest.raises(StackError, match=r"run is not empty: it has data\. Move it away"):
        await restore_backup(backup, run, dapr)
    assert [path.name for path in run.root.iterdir()] == ["data"]


async def test_the_run_directory_of_a_stack_is_refused(
    backup: Path, dapr: DaprBinaries, tmp_path: Path
) -> None:
    run = RunDirectory(tmp_path / "run")
    with (
        RunDirectoryLock(run.root),
        pytest.raises(StackError, match="in use by another stack"),
    ):
        await restore_backup(backup, run, dapr)


@pytest.mark.parametrize("was_there", [False, True])
async def test_nothing_is_half_restored(
    backup: Path, dapr: DaprBinaries, tmp_path: Path, was_there: bool
) -> None:
    run = RunDirectory(tmp_path / "run")
    if was_there:
        run.root.mkdir()
    before = content(tmp_path)
    with pytest.raises(StackError, match=r"scheduler does not become ready.*\n(.*\n)*no disk"):
        await restore_backup(backup, run, dapr)
    assert content(tmp_path) == before
