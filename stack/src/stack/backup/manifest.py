"""What a backup is of, and whether it is whole."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

from stack.errors import StackError
from stack.options import Store

FORMAT = 1
"""Raised where an older release could not restore what a newer one writes."""
FILE = "manifest.json"
JOBS = "jobs.jsonl"
REDIS = "redis.rdb"
_SQLITE = re.compile(r"data/[a-z]+-(actors|state)\.db")
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Manifest:
    """A backup.

    Args:
        format: The layout of the backup.
        created_at: The point in time that it is of, in UTC.
        taskway: The release that made it.
        dapr: The version of the Dapr beside it.
        store: The state store.
        jobs: How many jobs the scheduler had pending.
        files: The size in bytes and the SHA-256 of each file, by its path in the backup.
    """

    format: int
    created_at: str
    taskway: str
    dapr: str
    store: Store
    jobs: int
    files: Mapping[str, Mapping[str, Any]]

    @property
    def bytes(self) -> int:
        """The size of all files."""
        return sum(file["bytes"] for file in self.files.values())


def release() -> str:
    """Return the release of this project."""
    return version("taskway-stack")


def write_manifest(folder: Path, at: datetime, dapr: str, store: Store, jobs: int) -> Manifest:
    """Write the manifest of the files in a folder, the last file of a backup.

    Args:
        folder: The backup.
        at: The point in time that it is of.
        dapr: The version of Dapr.
        store: The state store.
        jobs: How many jobs it has.
    """
    files = {
        path.relative_to(folder).as_posix(): describe(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    created = at.astimezone(UTC).isoformat(timespec="milliseconds")
    manifest = Manifest(FORMAT, created, release(), dapr, store, jobs, files)
    (folder / FILE).write_text(json.dumps(asdict(manifest), indent=2) + "\n", encoding="utf-8")
    return manifest


def describe(file: Path) -> dict[str, Any]:
    """Return the size and the SHA-256 of a file."""
    digest = hashlib.sha256()
    with file.open("rb") as content:
        while block := content.read(_BLOCK):
            digest.update(block)
    return {"bytes": file.stat().st_size, "sha256": digest.hexdigest()}


def read_manifest(folder: Path, dapr: str) -> Manifest:
    """Return the manifest of a backup, once every file was found to be as it says.

    Args:
        folder: The backup.
        dapr: The version of the Dapr that is to use it.

    Raises:
        StackError: It is no backup, is incomplete or damaged, or needs a newer release.
    """
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
        if found["format"] != FORMAT:
            raise StackError(
                f"{folder} has the format {found['format']}, and this release restores {FORMAT}: "
                f"restore it with the release that made it, {found['taskway']}."
            )
        manifest = Manifest(**found)
        _check_versions(folder, manifest, dapr)
        _check_files(folder, manifest)
    except FileNotFoundError as error:
        raise StackError(f"{folder} is no backup: {error.filename} is missing.") from error
    except OSError as error:
        raise StackError(f"{folder} cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StackError(f"{folder} is no backup: its {FILE} is damaged ({error}).") from error
    return manifest


def _check_versions(folder: Path, manifest: Manifest, dapr: str) -> None:
    """Fail where the backup is of a later release: what is older reads only what it knows."""
    for name, made_by, here in (
        ("Taskway", manifest.taskway, release()),
        ("Dapr", manifest.dapr, dapr),
    ):
        if _minor(made_by) > _minor(here):
            raise StackError(
                f"{folder} was made with {name} {made_by}, and this is {here}: "
                "restore it with that version or a later one."
            )


def _minor(of: str) -> tuple[int, ...]:
    """Return the major and minor version: patches read each other's state."""
    return tuple(int(part) for part in of.split(".")[:2])


def _check_files(folder: Path, manifest: Manifest) -> None:
    if manifest.store not in get_args(Store):
        raise ValueError(f"store {manifest.store}")
    stores = [name for name in manifest.files if name != JOBS]
    # A name is never a path to elsewhere.
    known = _SQLITE.fullmatch if manifest.store == "sqlite" else REDIS.__eq__
    if JOBS not in manifest.files or not stores or not all(map(known, stores)):
        raise ValueError(f"files {', '.join(manifest.files)}")
    for name, expected in manifest.files.items():
        if not (folder / name).is_file():
            raise StackError(f"{folder} is incomplete: {name} is missing.")
        if describe(folder / name) != expected:
            raise StackError(f"{folder} is damaged: {name} is not as it was when it was made.")
