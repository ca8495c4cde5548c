"""What was started under which id: a record in the state store for each.

Dapr knows an instance from its first turn until its state is removed. A start record knows its id
for longer: from the moment that a caller names it until the record expires. What a repeat is
compared with is the record, never the state of the engine.

An id is in one of these conditions:

- *accepted*: there is a record, and nothing says that the engine took it. A repeat of the start
  asks the engine again, where that has nothing.
- *begun*: the engine has taken it. Where the engine has nothing any more, retention removed it, and
  the id stays used.
- *purged*: the tombstone of an operator's purge has the record's life, or a later one, and the
  engine has nothing. The next start is the next life: see orchestrator.toolkit.lives.

The writes of a start are: the record (accepted), the engine's own, the record again (begun). A
process may end after each of them:

- After the first: the engine has nothing; a repeat finds the record and asks the engine.
- After the second: the engine has the instance, so whatever is asked meanwhile is answered from
  there, and the next start under the id marks the record. Should retention remove the instance
  before, the record says accepted although it ran. So a record that is older than `repeat_within`,
  which is shorter than the retention, counts as begun.
- A write that failed may have landed: a repeat finds its own record, which is the same.

A purge writes the tombstone first. Until the engine has purged it the instance is there, and a
start is answered by its record as before.

A record is kept for longer than what an instance writes under its id. That of an instance that
lasts is renewed while the engine has it: see orchestrator.engine.record_renewal.

Instances of which there is no record, because they were started by an earlier release, by another
workflow or as a rerun from a step, are compared with the engine's input, and a record is made of
that. The same happens to a record that is only accepted when the engine turns out to have an
instance: so one that was written over such an instance by mistake is corrected.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel, Field

from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.engine.problems import (
    not_begun,
    purged_problem,
    removed_problem,
    unknown_instance,
)
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.toolkit.lives import FIRST
from servicekit.problems import ProblemError
from servicekit.state import Conflict, StateStore, until_written

UNUSED = 0
"""The life of an id that was never purged."""


class StartRecord(BaseModel):
    """What was started under an id."""

    workflow: str = Field(description="Dapr's name of it")
    request: str = Field(description="The fingerprint of the request")
    accepted_at: datetime
    life: int = FIRST
    begun: bool = Field(default=False, description="Whether the engine is known to have taken it")

    def same_start(self, other: "StartRecord") -> bool:
        """Return whether both are of the same request to the same workflow."""
        return (self.workflow, self.request) == (other.workflow, other.request)


class Tombstone(BaseModel):
    """The record that an operator purged an instance, in one of its lives."""

    by: str
    life: int = FIRST


@dataclass(frozen=True)
class RecordTimes:
    """How long records count.

    Args:
        keep: How long an id stays used after its record was last written.
        repeat_within: How long a start that never reached the engine can be repeated.
    """

    keep: timedelta = timedelta(days=120)
    repeat_within: timedelta = timedelta(days=1)


class StartRecords:
    """The start records and the tombstones in a state store."""

    def __init__(
        self,
        store: StateStore,
        times: RecordTimes | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Keep them in `store`.

        Args:
            store: Where they are.
            times: How long they count.
            now: Returns the time in UTC.
        """
        self._store = store
        self._times = times or RecordTimes()
        self._now = now

    def new(self, workflow: str, request: BaseModel) -> StartRecord:
        """Return the record of a start that is accepted now, for the first life of an id."""
        return StartRecord(workflow=workflow, request=fingerprint(request), accepted_at=self._now())

    async def claim(self, instance_id: str, record: StartRecord) -> tuple[StartRecord, bool]:
        """Write the record of a start, unless the id has one.

        Returns:
            The record that the id has now, and whether this call wrote it: of concurrent calls,
            exactly one does.
        """
        while True:
            # Most ids are new: so it is written first, and read where that is refused.
            try:
                await self._store.put(_key(instance_id), record, None, ttl=self._times.keep)
            except Conflict:
                if (existing := await self.find(instance_id)) is not None:
                    return existing, False
            else:
                return record, True

    async def find(self, instance_id: str) -> StartRecord | None:
        """Return the record of an id, if it has one."""
        return (await self._store.get(_key(instance_id), StartRecord)).value

    async def mark_begun(self, instance_id: str, truth: StartRecord) -> StartRecord:
        """Record that the engine has an instance, and return the record of the id.

        Args:
            instance_id: Its id.
            truth: Replaces a record that says less; one that says begun stays.
        """

        def changed(current: StartRecord | None) -> StartRecord:
            if current is not None and current.begun and current.life >= truth.life:
                return current
            return truth.model_copy(update={"begun": True})

        return await self._store.update(
            _key(instance_id), StartRecord, changed, ttl=self._times.keep
        )

    async def begin_life(self, instance_id: str, record: StartRecord) -> tuple[StartRecord, bool]:
        """Write the record of the first start of a later life, unless it has one.

        Returns:
            As `claim`.
        """

        def changed(current: StartRecord | None) -> StartRecord:
            return record if current is None or current.life < record.life else current

        written = await self._store.update(
            _key(instance_id), StartRecord, changed, ttl=self._times.keep
        )
        return written, written is record

    async def renew(self, instance_id: str) -> None:
        """Keep the record of an id, if it has one, for as long again from now on."""

        async def attempt() -> None:
            found = await self._store.get(_key(instance_id), StartRecord)
            if found.value is not None:
                await self._store.put(
                    _key(instance_id), found.value, found.etag, ttl=self._times.keep
                )

        await until_written(_key(instance_id), attempt)

    async def record_purge(self, instance_id: str, by: str, life: int | None = None) -> None:
        """Record that an operator purges a life of an id, before the engine does.

        Args:
            instance_id: The id.
            by: Who purges it.
            life: The life that ends; where the instance cannot be read, the last one known.
        """
        if life is None:
            record = await self.find(instance_id)
            life = max(record.life if record else FIRST, await self.purged_life(instance_id))
        await self._store.overwrite(
            _tombstone_key(instance_id), Tombstone(by=by, life=life), ttl=self._times.keep
        )

    async def withdraw_purge(self, instance_id: str) -> None:
        """Delete the tombstone of an instance that the engine did not purge.

        Were it left, an instance that retention removes later would count as purged.
        """
        read = await self._store.get(_tombstone_key(instance_id), Tombstone)
        if read.etag is not None:
            await self._store.delete(_tombstone_key(instance_id), read.etag)

    async def purged_life(self, instance_id: str) -> int:
        """Return the last life of an id that an operator purged; 0 where none was."""
        found = (await self._store.get(_tombstone_key(instance_id), Tombstone)).value
        return found.life if found else UNUSED

    def used_up(self, record: StartRecord) -> bool:
        """Return whether an instance that the engine does not have was removed by retention."""
        return record.begun or self._now() - record.accepted_at > self._times.repeat_within

    async def absent(self, instance_id: str) -> InstanceState:
        """Return the state of an instance that the engine does not have: accepted, not begun.

        Raises:
            ProblemError: It was purged, or removed by retention (410), or never started (404).
        """
        record = await self.find(instance_id)
        purged = await self.purged_life(instance_id)
        if record is None:
            raise purged_problem(instance_id) if purged else unknown_instance(instance_id)
        if purged >= record.life:
            raise purged_problem(instance_id)
        if self.used_up(record):
            raise removed_problem(instance_id)
        return pending_state(instance_id, record)

    async def missing_problem(self, instance_id: str) -> ProblemError:
        """Return the problem for an operation on an instance that the engine does not have.

        It was purged or removed (410), was never started (404), or has not begun (503).
        """
        try:
            await self.absent(instance_id)
        except ProblemError as error:
            return error
        return not_begun(instance_id)

    async def named(self, state: InstanceState) -> InstanceState:
        """Return a state with its name and time, from its record where the engine has none.

        The engine has no more than the id of an instance that has not begun, and of an eternal one
        between two generations. It stays nameless where there is no record.
        """
        if state.name:
            return state
        record = await self.find(state.instance_id)
        if record is None:
            return state
        return replace(state, name=record.workflow, created_at=record.accepted_at)


def fingerprint(request: BaseModel) -> str:
    """Return what two requests have in common exactly if they are equal.

    No part of the request can be read from it, for the record outlives the instance. Fields that
    have their default are left out, so that one that is added later does not change it.
    """
    data = request.model_dump(mode="json", exclude_defaults=True)
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def pending_state(instance_id: str, record: StartRecord) -> InstanceState:
    """Return the state of an instance that was accepted and has not begun."""
    return InstanceState(
        instance_id=instance_id,
        name=record.workflow,
        version=None,
        status=RuntimeStatus.PENDING,
        input=None,
        output=None,
        progress=None,
        error=None,
        parent=None,
        created_at=record.accepted_at,
        last_updated_at=record.accepted_at,
    )


def _key(instance_id: str) -> str:
    return f"start:{instance_id}"


def _tombstone_key(instance_id: str) -> str:
    # The key's name is stored: it stays.
    return f"gone:{instance_id}"
