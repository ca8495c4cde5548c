"""Starts a sidecar again that ended by itself, as a cluster would, and says so."""

import asyncio
from collections import Counter
from collections.abc import Callable

from stack.errors import ProcessExitedError, StackError
from stack.process import Process

# A sidecar that ends this often has a reason that a restart does not mend.
MAX_RESTARTS = 5


class SidecarKeeper:
    """Restarts sidecars; what fails for good is passed on.

    A sidecar may end on purpose: the orchestrator asks a wedged one to.

    Args:
        report: Takes a line for a person about each restart.
        fail: Takes the end of a sidecar that is not started again.
    """

    def __init__(
        self, report: Callable[[str], None], fail: Callable[[ProcessExitedError], None]
    ) -> None:
        self._report = report
        self._fail = fail
        self._restarts: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def busy(self) -> bool:
        """Whether a sidecar is being started again."""
        return bool(self._tasks)

    def take(self, process: Process, error: ProcessExitedError) -> None:
        """Start a sidecar again that ended with `error`, unless it did so too often."""
        self._restarts[error.name] += 1
        if self._closed or self._restarts[error.name] > MAX_RESTARTS:
            self._fail(error)
            return
        self._report(f"{error.name} ended with code {error.code}: starting it again")
        task = asyncio.create_task(self._restart(process, error))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Start nothing from now on; return when nothing is being started."""
        self._closed = True
        await asyncio.gather(*self._tasks)

    async def _restart(self, process: Process, error: ProcessExitedError) -> None:
        try:
            await process.start()
        except StackError:
            self._fail(error)
