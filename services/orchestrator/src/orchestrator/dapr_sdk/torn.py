"""Instances whose stored state is incomplete, and stays so.

Redis applies the parts of a transaction one by one. Where it refuses some of them (over its
`maxmemory`), a turn is saved by half: the state then says that it has events which are not there,
and Dapr can neither read the instance nor purge it. A read while a turn is being saved fails in the
same way, but the next one does not; or, on a busy machine, it finds something else to be missing,
as it meets the save of another turn.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from grpc.aio import AioRpcError

# Saving a turn takes milliseconds.
PATIENCE_SECONDS = 5.0


class TornInstance(AioRpcError):
    """The stored state of an instance has been incomplete for longer than a save can take."""


@dataclass
class _Incomplete:
    """What every read since `since` has found to be missing, until `last`."""

    details: str | None
    since: float
    last: float

    @property
    def seconds(self) -> float:
        """For how long that is known."""
        return self.last - self.since


class TornReads:
    """Since when every read of an instance has found the same of its state to be missing."""

    def __init__(
        self,
        patience_seconds: float = PATIENCE_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with no such instance.

        Args:
            patience_seconds: How long reads may fail before the state is said to be incomplete.
            now: Returns the time in seconds, from any point in time.
        """
        self._patience = patience_seconds
        self._now = now
        self._incomplete: dict[str, _Incomplete] = {}

    def succeeded(self, instance_id: str) -> None:
        """Take note of a read that succeeded, or found no such instance."""
        self._incomplete.pop(instance_id, None)

    def failed(self, instance_id: str, error: AioRpcError) -> AioRpcError:
        """Take note of an incomplete state, and return the error to raise for it."""
        now, found = self._now(), self._incomplete.get(instance_id)
        if found is None or found.details != error.details():
            found = self._incomplete[instance_id] = _Incomplete(error.details(), now, now)
        found.last = now
        if found.seconds < self._patience:
            return error
        return TornInstance(
            error.code(),
            error.initial_metadata(),
            error.trailing_metadata(),
            error.details(),
            error.debug_error_string(),
        )

    def ids(self) -> list[str]:
        """Return the instances whose state stays incomplete."""
        return sorted(i for i, f in self._incomplete.items() if f.seconds >= self._patience)
