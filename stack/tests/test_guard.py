"""Nothing outlives a stack that was killed."""

import subprocess
import time

from stack.guardian import Guardian


def sleeper() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(["/bin/sleep", "60"], start_new_session=True)


def test_what_is_watched_ends_when_the_guard_loses_its_parent() -> None:
    with sleeper() as watched, sleeper() as forgotten:
        started = time.monotonic()
        with Guardian() as guardian:
            guardian.watch(watched.pid)
            guardian.watch(forgotten.pid)
            guardian.forget(forgotten.pid)
        # Leaving closes the guard's input, as the death of its parent does.
        assert watched.wait(10) < 0
        assert forgotten.poll() is None
        assert time.monotonic() - started < 10
        forgotten.kill()
