"""Ends the stack's processes when the stack itself dies, even by SIGKILL.

Run as a program of its own: it is told process groups on its standard input (`+123`, `-123`), and
takes the end of that input for the death of its parent. This works on every Unix and with any
thread, which PR_SET_PDEATHSIG does not.
"""

import os
import signal
import sys
import time

_GRACE_SECONDS = 5.0


def signal_group(group: int, number: int) -> bool:
    """Send a signal to a process group; say whether there still was one."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        # macOS says 'not permitted' of a group in which only zombies are left.
        return False
    return True


def main() -> None:
    """Follow the input to its end, then end what is left."""
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
