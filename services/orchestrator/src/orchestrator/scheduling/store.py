"""The schedules in the state store."""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from contracts.problems import ProblemType
from orchestrator.schemas.schedules import Schedule, Schedules
from servicekit.problems import ProblemError
from servicekit.state import StateStore, until_written

IDS_KEY = "schedules"
# Read at once: some megabytes, where each schedule has the largest request that is accepted.
SLICE = 50

Change = Callable[[Schedule | None], Schedule | None]
"""Returns the new version of a schedule; None where there is none, before or after."""


class UnreadableSchedule(Schedule):
    """What stands for a record that is no schedule, such as one of another release."""


def _readable(value: Any, read: ValidatorFunctionWrapHandler) -> Schedule | None:
    try:
        schedule: Schedule | None = read(value)
    except ValidationError as error:
        fields = value if isinstance(value, dict) else {}
        wrong = ", ".join(sorted({".".join(map(str, e["loc"])) or "all" for e in error.errors()}))
        return UnreadableSchedule(
            id="",
            workflow=str(fields.get("workflow", "")),
            request={},
            paused=False,
            next_at=None,
            last_error=f"The stored schedule cannot be read ({wrong}): put it again, or delete it",
            created_by=str(fields.get("created_by", "")),
        )
    return schedule


class ScheduleIds(BaseModel):
    """The ids of all schedules: of one that is being created, perhaps without a record yet."""

    ids: list[str] = []


class ScheduleRecord(BaseModel):
    """A schedule; None where it was deleted by an earlier release."""

    schedule: Annotated[Schedule | None, WrapValidator(_readable)]


class Changed(NamedTuple):
    """A schedule before and after a change."""

    old: Schedule | None
    new: Schedule | None


class ScheduleStore:
    """The schedules, each under its own key, and a list of their ids under another.

    An id is listed before its record is written, and again afterwards; it is taken off the list
    after its record is deleted, and put back where there is a record then. So whatever writers do
    at once, an id whose schedule exists is listed when they are done.
    """

    def __init__(self, store: StateStore, most: int, page_bytes: int) -> None:
        """Keep them in a store.

        Args:
            store: The state store.
            most: The most schedules that there may be.
            page_bytes: The size that ends a page of schedules, as JSON.
        """
        self._store = store
        self._most = most
        self._page_bytes = page_bytes

    async def find(self, schedule_id: str) -> Schedule | None:
        """Return a schedule, if there is one."""
        record = (await self._store.get(_key(schedule_id), ScheduleRecord)).value
        return _schedule(schedule_id, record)

    async def page(self, after: str | None, limit: int) -> Schedules:
        """Return a page of schedules, ordered by id.

        Args:
            after: `next` of the page before; None for the first.
            limit: The most schedules.
        """
        items: list[Schedule] = []
        size = 0
        async for schedule in self.all(after):
            if len(items) == limit or size > self._page_bytes:
                return Schedules(items=items, next=items[-1].id)
            items.append(schedule)
            size += len(schedule.model_dump_json())
        return Schedules(items=items, next=None)

    async def all(self, after: str | None = None) -> AsyncIterator[Schedule]:
        """Yield the schedules whose id is greater than `after`, ordered by id."""
        ids = sorted(name for name in await self.ids() if after is None or name > after)
        for start in range(0, len(ids), SLICE):
            names = ids[start : start + SLICE]
            read = await self._store.get_many([_key(name) for name in names], ScheduleRecord)
            for name in names:
                if (schedule := _schedule(name, read[_key(name)].value)) is not None:
                    yield schedule

    async def ids(self) -> list[str]:
        """Return the ids that are listed; of some there may be no schedule."""
        listed = (await self._store.get(IDS_KEY, ScheduleIds)).value
        return listed.ids if listed else []

    async def change(self, schedule_id: str, change: Change) -> Changed:
        """Change a schedule.

        Args:
            schedule_id: The schedule.
            change: Is called again where another writer was first.

        Raises:
            ProblemError: There are as many schedules already as may be (429).
        """
        key = _key(schedule_id)

        async def attempt() -> Changed:
            read = await self._store.get(key, ScheduleRecord)
            old = _schedule(schedule_id, read.value)
            new = change(old)
            if old is None and new is not None:
                await self._list(schedule_id, self._most)
            if new is None and read.etag is not None:
                await self._store.delete(key, read.etag)
            elif new is not None and new is not old:
                await self._store.put(key, ScheduleRecord(schedule=new), read.etag)
            return Changed(old, new)

        changed = await until_written(schedule_id, attempt)
        if changed.new is None:
            await self.unlist(schedule_id)
        elif changed.old is None:
            await self._list(schedule_id)
        return changed

    async def unlist(self, schedule_id: str) -> None:
        """Take an id off the list, unless there is a schedule of that id."""
        if await self.find(schedule_id) is None:
            await self._change_ids(lambda ids: ids - {schedule_id})
            if await self.find(schedule_id) is not None:
                await self._list(schedule_id)

    async def _list(self, schedule_id: str, most: int | None = None) -> None:
        def listed(ids: set[str]) -> set[str]:
            if most is not None and schedule_id not in ids and len(ids) >= most:
                raise ProblemError(
                    ProblemType.TOO_MANY_REQUESTS, f"There are {most} schedules already"
                )
            return ids | {schedule_id}

        await self._change_ids(listed)

    async def _change_ids(self, change: Callable[[set[str]], set[str]]) -> None:
        def changed(listed: ScheduleIds | None) -> ScheduleIds:
            return ScheduleIds(ids=sorted(change(set(listed.ids if listed else []))))

        async with self._store.locks(IDS_KEY):
            await self._store.update(IDS_KEY, ScheduleIds, changed)


def _schedule(schedule_id: str, record: ScheduleRecord | None) -> Schedule | None:
    if record is None or record.schedule is None:
        return None
    if isinstance(record.schedule, UnreadableSchedule):
        return record.schedule.model_copy(update={"id": schedule_id})
    return record.schedule


def _key(schedule_id: str) -> str:
    return f"schedule:{schedule_id}"
