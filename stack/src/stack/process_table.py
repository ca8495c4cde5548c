"""Lists the processes of a running stack in its run directory, for other programs.

`taskway chaos` finds its victim there, and a backup what it reads. Each of the processes is a child
of the one named `stack`, by which a reader tells a list that is true from one that a killed stack
left behind.
"""

import json
import os
from collections.abc import Callable, Mapping

from stack.layout import RunDirectory


class ProcessTable:
    """The file `processes.json`, rewritten whole at each change.

    Args:
        run: The run directory.
        warn: Takes a line where the file cannot be written, which stops nothing else.
    """

    def __init__(self, run: RunDirectory, warn: Callable[[str], None]) -> None:
        self._file = run.processes
        self._warn = warn

    def write(
        self, urls: Mapping[str, str], pids: Mapping[str, int], data: Mapping[str, str]
    ) -> None:
        """Write what runs now.

        Args:
            urls: The services' base URLs, by app id.
            pids: The process ids, by the name in the stack.
            data: Where data is: the base URL of the scheduler's `etcd`, host:port of `redis`.
        """
        listed = {
            "stack": os.getpid(),
            "urls": dict(urls),
            "pids": dict(pids),
            "data": dict(data),
        }
        text = json.dumps(listed, indent=2)
        new = self._file.with_suffix(".new")
        try:
            new.write_text(text + "\n", encoding="utf-8")
            # At once, for a reader of the old file.
            new.replace(self._file)
        except OSError as error:
            self._warn(f"{self._file} cannot be written: {error.strerror}")

    def remove(self) -> None:
        """Remove the file, once everything has ended."""
        try:
            self._file.unlink(missing_ok=True)
        except OSError as error:
            self._warn(f"{self._file} cannot be removed: {error.strerror}")
