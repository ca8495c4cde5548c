"""The entry point, which imports the command only once Ctrl-C ends it quietly."""

import os
import signal

from taskway.errors import INTERRUPTED


def main() -> None:
    """Run the command `taskway`."""
    previous = signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    # Here, since it takes a good part of a short command's time.
    from taskway.main import main as run

    signal.signal(signal.SIGINT, previous)
    try:
        run()
    finally:
        # The interpreter ends: nothing is left to interrupt.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
