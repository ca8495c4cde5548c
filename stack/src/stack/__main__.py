"""`python -m stack`."""

import os
import signal

from stack.errors import INTERRUPTED


def main() -> None:
    """Load the command, which takes a while, and run it; Ctrl-C is quiet from the beginning."""
    previous = signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    from stack.cli import main as run

    signal.signal(signal.SIGINT, previous)
    try:
        run()
    finally:
        # Everything has ended: nothing is left to interrupt.
        signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    main()
