"""No process outlives a stack that was killed."""

import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from stack.orphan_reaper import OrphanReaper


def sleeper() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(["/bin/sleep", "60"], start_new_session=True)


def test_watched_groups_end_when_the_reaper_loses_its_parent() -> None:
    with sleeper() as watched, sleeper() as forgotten:
        started = time.monotonic()
        # Collected at once, as orphans are by init: else the reaper waits for a zombie.
        with ThreadPoolExecutor(1) as pool, OrphanReaper() as reaper:
            collected = pool.submit(watched.wait, 30)
            reaper.watch(watched.pid)
            reaper.watch(forgotten.pid)
            reaper.forget(forgotten.pid)
        # Leaving closes the input, as the death of the parent does.
        assert collected.result() < 0
        assert forgotten.poll() is None
        assert time.monotonic() - started < 10
        forgotten.kill()


def test_another_reaper_takes_over_from_one_that_was_killed() -> None:
    with sleeper() as watched, sleeper() as later:
        with ThreadPoolExecutor(2) as pool, OrphanReaper() as reaper:
            collected = [pool.submit(process.wait, 30) for process in (watched, later)]
            reaper.watch(watched.pid)
            first = reaper.pid
            os.kill(first, signal.SIGKILL)
            os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
            reaper.watch(later.pid)
            assert reaper.pid != first
        assert all(end.result() < 0 for end in collected)
