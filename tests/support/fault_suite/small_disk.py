"""A small file system for a folder, which a fault can fill: where root allows it."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

SIZE = 384 * 2**20
"""Bytes: etcd reserves two segments of 64 MB for its log, and keeps up to five."""


class NoSmallDisk(Exception):
    """There can be none here, and why."""


@asynccontextmanager
async def small_disk(folder: Path) -> AsyncIterator[str | None]:
    """Have a folder on a file system of its own as long as the context lasts.

    Yields:
        None, or why there is none: the folder is then one like any other.
    """
    image = folder.with_suffix(".img")
    try:
        await asyncio.to_thread(_prepare, folder, image)
        # Of the disk's own kind and on the disk: in memory, a sync would cost nothing.
        await _call("mkfs.ext4", "-q", "-F", "-m", "0", str(image))
        await _call("mount", "-o", "loop", str(image), str(folder))
    except NoSmallDisk as reason:
        image.unlink(missing_ok=True)
        yield str(reason)
        return
    try:
        yield None
    finally:
        await _call("umount", "--lazy", str(folder))
        image.unlink()


def _prepare(folder: Path, image: Path) -> None:
    missing = [name for name in ("mkfs.ext4", "mount", "umount") if shutil.which(name) is None]
    if os.geteuid() != 0 or missing:
        raise NoSmallDisk(f"needs {missing[0] if missing else 'root'}")
    folder.mkdir(parents=True, exist_ok=True)
    with image.open("wb") as file:
        file.truncate(SIZE)


async def _call(*command: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    _, error = await process.communicate()
    if process.returncode != 0:
        raise NoSmallDisk(f"{command[0]}: {error.decode(errors='replace').strip()}")
