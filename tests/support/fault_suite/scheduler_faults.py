"""The faults of the scheduler's data: it is wiped, and its disk is full."""

import asyncio
import os
import shutil
import time
from pathlib import Path

from stack import Stack
from support.fault_suite.fault import Missed
from support.fault_suite.target import Fault, Target

SCHEDULER = frozenset({"scheduler"})
NO_SPACE = "no space left on device"
# etcd writes into space that it has reserved, and so may go on for a while.
NOTICED_WITHIN, FULL_SECONDS = 20.0, 5.0
POLL_SECONDS = 0.2
FILLER = "filler"
CHUNK = 2**16


def wipe() -> Fault:
    """Return the fault that each pending wake-up is lost under a running system."""

    async def inject(target: Target) -> None:
        stack = target.stack
        await stack.terminate("scheduler")
        await asyncio.to_thread(_empty, stack.run.scheduler)
        await stack.start("scheduler")
        await stack.wait_ready("scheduler")

    return Fault("wiped scheduler", "wiped scheduler", SCHEDULER, inject)


def full_disk() -> Fault:
    """Return the fault that the scheduler's file system is full; see `small_disk`."""

    async def inject(target: Target) -> None:
        stack, filler = target.stack, target.stack.run.scheduler / FILLER
        seen = _logged(stack)
        try:
            noticed = await _fill_until_noticed(stack, filler, seen)
            if noticed:
                await asyncio.sleep(FULL_SECONDS)
        finally:
            await asyncio.to_thread(filler.unlink, missing_ok=True)
        # It may have ended, and be started again by now.
        await stack.wait_ready("scheduler")
        if not noticed:
            raise Missed

    return Fault("full disk scheduler", "full disk", SCHEDULER, inject, small_disk=True)


async def _fill_until_noticed(stack: Stack, filler: Path, seen: int) -> bool:
    until = time.monotonic() + NOTICED_WITHIN
    while time.monotonic() < until:
        # Again each time: what the scheduler frees meanwhile would be room for it.
        await asyncio.to_thread(fill, filler)
        if _logged(stack) > seen:
            return True
        await asyncio.sleep(POLL_SECONDS)
    return False


def fill(filler: Path) -> None:
    """Append to a file until its file system is full."""
    with filler.open("ab", buffering=0) as file:
        size = CHUNK
        while size:
            try:
                file.write(b"\0" * size)
            except OSError:
                # Nothing of this size fits any more.
                size //= 2
        os.sync()


def _empty(folder: Path) -> None:
    """Remove what is in a folder, which may itself be the root of a file system."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _logged(stack: Stack) -> int:
    return stack.log("scheduler").read_text(errors="replace").count(NO_SPACE)
