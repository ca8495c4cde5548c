"""Ends the orphaned processes of a stack that died, even by SIGKILL.

A program of its own: it reads process groups from its standard input (`+123` to add, `-123` to
remove), and takes the end of the input for the death of its parent. That works on every Unix and
with any thread, which PR_SET_PDEATHSIG does not.
"""

import os
import signal
import sys
import time

_GRACE_SECONDS = 5.0


def signal_group(group: int, number: int) -> bool:
    """Send a signal to a process group; return whether the group exists."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        # macOS answers EPERM for a group of zombies.
        return False
    return True


def main() -> None:
    """Read the input to its end, then end the remaining groups."""
    groups: set[int] = set()
    for line in sys.stdin:
        change, group = line[0], int(line[1:])
        (groups.add if change == "+" else groups.discard)(group)
    deadline = time.monotonic() + _GRACE_SECONDS
    groups = {group for group in groups if signal_group(group, signal.SIGTERM)}
    while groups and time.monotonic() < deadline:
        time.sleep(0.05)
        groups = {group for group in groups if signal_group(group, 0)}
    for group in groups:
        signal_group(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
