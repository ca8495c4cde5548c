"""The schedules in the state store."""

from collections.abc import Callable

from pydantic import BaseModel

from contracts.problems import ProblemType
from orchestrator.schemas.schedules import Schedule
from servicekit.problems import ProblemError
from servicekit.state import StateStore, until_written

IDS_KEY = "schedules"
MAX_SCHEDULES = 1_000

Change = Callable[[Schedule | None], Schedule | None]
"""Returns the new version of a schedule; None where there is none, before or after."""


class ScheduleIds(BaseModel):
    """The ids of all schedules: of one that is being created, perhaps without a record yet."""

    ids: list[str] = []


class ScheduleRecord(BaseModel):
    """A schedule; None where it was deleted."""

    schedule: Schedule | None


class ScheduleStore:
    """The schedules, each under its own key, and a list of their ids under another."""

    def __init__(self, store: StateStore) -> None:
        """Keep them in `store`."""
        self._store = store

    async def find(self, schedule_id: str) -> Schedule | None:
        """Return a schedule, if there is one."""
        record = (await self._store.get(_key(schedule_id), ScheduleRecord)).value
        return record.schedule if record else None

    async def all(self) -> list[Schedule]:
        """Return every schedule, ordered by id."""
        listed = (await self._store.get(IDS_KEY, ScheduleIds)).value or ScheduleIds()
        read = await self._store.get_many([_key(name) for name in listed.ids], ScheduleRecord)
        records = (entry.value for entry in read.values() if entry.value)
        return sorted((r.schedule for r in records if r.schedule), key=lambda s: s.id)

    async def change(self, schedule_id: str, change: Change) -> Schedule | None:
        """Change a schedule, and return its new version.

        Args:
            schedule_id: The schedule.
            change: Is called again where another writer was first.

        Raises:
            ProblemError: There are 1,000 schedules already (422).
        """

        async def attempt() -> Schedule | None:
            read = await self._store.get(_key(schedule_id), ScheduleRecord)
            old = read.value.schedule if read.value else None
            new = change(old)
            if old is None and new is not None:
                await self._list(schedule_id, listed=True)
            if new != old:
                await self._store.put(_key(schedule_id), ScheduleRecord(schedule=new), read.etag)
            return new

        changed = await until_written(schedule_id, attempt)
        if changed is None:
            await self._list(schedule_id, listed=False)
        return changed

    async def _list(self, schedule_id: str, *, listed: bool) -> None:
        async def attempt() -> None:
            read = await self._store.get(IDS_KEY, ScheduleIds)
            ids = set(read.value.ids if read.value else [])
            if (schedule_id in ids) is listed:
                return
            if listed and len(ids) >= MAX_SCHEDULES:
                raise ProblemError(
                    ProblemType.VALIDATION, f"There are {MAX_SCHEDULES} schedules already"
                )
            await self._store.put(IDS_KEY, ScheduleIds(ids=sorted(ids ^ {schedule_id})), read.etag)

        await until_written(IDS_KEY, attempt)


def _key(schedule_id: str) -> str:
    return f"schedule:{schedule_id}"
