"""Keeps the start records of instances that last, so that each outlives its instance."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from orchestrator.engine.start_records import StartRecords

# Soon after a start, when the list of instances is complete; and then well within what is spare.
FIRST_PAUSE_SECONDS = 600.0
PAUSE_SECONDS = 86_400.0

StartedBefore = Callable[[datetime], Iterable[str]]
"""Returns the ids of instances, ended or not: all that were started before a time."""


class RecordRenewal:
    """Writes the records of old instances again, as long as the engine has them."""

    def __init__(
        self,
        records: StartRecords,
        started_before: StartedBefore,
        spare: timedelta,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Prepare to renew.

        Args:
            records: The start records.
            started_before: Finds the instances.
            spare: How much longer a record is kept than what an instance writes under its id. The
                record of an instance that is younger needs no renewal.
            now: Returns the time in UTC.
        """
        self._records = records
        self._started_before = started_before
        self._spare = spare
        self._now = now

    async def run(self) -> None:
        """Renew the records periodically, without end."""
        await asyncio.sleep(FIRST_PAUSE_SECONDS)
        while True:
            await self.renew()
            await asyncio.sleep(PAUSE_SECONDS)

    async def renew(self) -> None:
        """Renew the record of each old instance once.

        Raises:
            StoreUnavailable: The store does not respond.
        """
        # Half of what is spare, because the next time is a day away.
        for instance_id in list(self._started_before(self._now() - self._spare / 2)):
            await self._records.renew(instance_id)
