"""Makes and releases assignments exactly once, also across crashes."""

from datetime import UTC, datetime

import structlog

from assigner.directory import Directory
from assigner.domain import AssignmentRecord, MemberRecord, Operation, least_loaded
from assigner.store import Records, held_by
from contracts.assigner import (
    Assignment,
    AssignmentPage,
    AssignmentRequest,
    AssignmentStatus,
)
from contracts.problems import ProblemType
from servicekit.locks import KeyedLocks
from servicekit.problems import ProblemError
from servicekit.sequence import Sequence, next_before
from servicekit.state import MAX_TRIES, Conflict, StoreUnavailable, until_written

log = structlog.get_logger(__name__)

CHOICE = "choice"


class Ledger:
    """The assignments; `assigner.domain` describes the steps of each write."""

    def __init__(self, records: Records, directory: Directory, locks: KeyedLocks) -> None:
        """Assign to the members of `directory`, with which `locks` is shared."""
        self._records = records
        self._directory = directory
        self._locks = locks
        self._sequence = Sequence(records.store)

    async def assign(self, key: str, request: AssignmentRequest) -> Assignment:
        """Assign a task, or return the assignment that the key already made.

        Raises:
            ProblemError: No member can take it, the key was used with another request, or the
                assignment was released.
        """
        # Before the assignee is looked up, whose address may have changed since.
        record = (await self._records.assignment(key)).value
        if record is not None:
            return _first_answer(key, record, request)
        if request.assignee is not None:
            member_id = await self._directory.resolve(request.assignee)
            return await self._assign_to(member_id, key, request)
        # Concurrent choices would find the same member the least loaded.
        async with self._locks(CHOICE):
            for _ in range(MAX_TRIES):
                candidates = await self._records.with_skills(request.skills)
                begun = next((m for m in candidates if _began(m, key)), None)
                chosen = begun or least_loaded(candidates, request.skills)
                if chosen is None:
                    raise ProblemError(
                        ProblemType.NO_MEMBER_AVAILABLE,
                        f"No available member has the skills {', '.join(request.skills)}",
                    )
                try:
                    return await self._assign_to(chosen.id, key, request)
                except ProblemError as error:
                    if error.type not in _REFUSALS:
                        raise
                    log.debug("chosen member became unavailable, choosing again", member=chosen.id)
        raise StoreUnavailable("the directory changes too fast to choose a member")

    async def _assign_to(self, member_id: str, key: str, request: AssignmentRequest) -> Assignment:
        async with self._locks(member_id):
            return await until_written(
                f"member {member_id}", lambda: self._assign_once(member_id, key, request)
            )

    async def _assign_once(
        self, member_id: str, key: str, request: AssignmentRequest
    ) -> Assignment:
        member, etag, record = await self._read(member_id, key)
        if record is not None:
            return _first_answer(key, record, request)
        if not _began(member, key):
            if refusal := member.refusal():
                raise ProblemError(refusal, _REFUSALS[refusal].format(member_id))
            member = member.taking(key)
            await self._records.put_member(member, etag)
        made = AssignmentRecord(
            status=AssignmentStatus.HELD,
            request=request,
            member_id=member.id,
            name=member.profile.name,
            email=member.profile.email,
            number=member.open[key].number,
            assigned_at=datetime.now(UTC),
        )
        await self._sequence.place(held_by(member.id), made.number, key)
        try:
            # Not put_if_absent, which would read the record a second time.
            await self._records.put_assignment(key, made, None)
        except Conflict:
            # It was released or made by a concurrent request: the next attempt returns it.
            await self._settle(member_id)
            raise
        return _to_api(key, made)

    async def release(self, key: str) -> None:
        """Release an assignment; a key that was never assigned can then never be."""
        await until_written(f"assignment {key}", lambda: self._release_once(key))

    async def _release_once(self, key: str) -> None:
        released = AssignmentRecord(status=AssignmentStatus.RELEASED, released_at=datetime.now(UTC))
        record, _ = await self._records.put_assignment_if_absent(key, released)
        if record.status is AssignmentStatus.HELD and record.member_id is not None:
            async with self._locks(record.member_id):
                await self._give_back(record.member_id, key)

    async def _give_back(self, member_id: str, key: str) -> None:
        member, etag, record = await self._read(member_id, key)
        if record is None or record.status is AssignmentStatus.RELEASED:
            return
        begun = member.open.get(key)
        if begun is None or begun.operation is not Operation.GIVE_BACK:
            await self._records.put_member(member.giving_back(key, record.number), etag)
        current = await self._records.assignment(key)
        if current.value is None or current.value.status is AssignmentStatus.RELEASED:
            return
        released = current.value.model_copy(
            update={"status": AssignmentStatus.RELEASED, "released_at": datetime.now(UTC)}
        )
        # The entry of the member's list expires with it. If the write after this one fails, the
        # release is repeated.
        await self._sequence.place(
            held_by(member_id), record.number, key, ttl=self._records.released_kept
        )
        await self._records.put_assignment(key, released, current.etag)

    async def assignment(self, key: str) -> Assignment:
        """Return an assignment, open or released.

        Raises:
            ProblemError: There is none under the key; 404.
        """
        record = (await self._records.assignment(key)).value
        if record is None or record.request is None:
            raise ProblemError(ProblemType.NOT_FOUND, f"Assignment {key} not found")
        return _to_api(key, record)

    async def assignments_of(self, member: str, before: int | None, limit: int) -> AssignmentPage:
        """Return assignments of the member with an id or e-mail address, the newest first."""
        record = await self._directory.find(member)
        if before is None:
            before = record.next_number
        entries = await self._sequence.page(held_by(record.id), before, limit)
        read = await self._records.assignments(key for _, key in entries)
        items = [
            _to_api(key, assignment)
            for number, key in entries
            if (assignment := read[key].value) is not None
            and assignment.member_id == record.id
            and assignment.number == number
        ]
        return AssignmentPage(items=items, next=next_before(before, limit))

    async def _read(
        self, member_id: str, key: str
    ) -> tuple[MemberRecord, str | None, AssignmentRecord | None]:
        """Read and settle a member, then read the assignment, in this order.

        A write of the member by the returned ETag then proves that the assignment was not counted
        between the two reads.
        """
        read = await self._records.member(member_id)
        if read.value is None:
            raise ProblemError(ProblemType.UNKNOWN_MEMBER, f"Unknown member: {member_id}")
        assignments = await self._records.assignments([*read.value.open, key])
        known = {k: entry.value for k, entry in assignments.items()}
        return read.value.settled(known), read.etag, known[key]

    async def _settle(self, member_id: str) -> None:
        read = await self._records.member(member_id)
        if read.value is None:
            return
        assignments = await self._records.assignments(read.value.open)
        settled = read.value.settled({k: entry.value for k, entry in assignments.items()})
        try:
            await self._records.put_member(settled, read.etag)
        except Conflict:
            log.debug("settle conflict ignored", member=member_id)


_REFUSALS = {
    ProblemType.UNKNOWN_MEMBER: "Unknown member: {}",
    ProblemType.MEMBER_AWAY: "{} is away",
    ProblemType.MEMBER_FULL: "{} has no capacity left",
}


def _began(member: MemberRecord, key: str) -> bool:
    begun = member.open.get(key)
    return begun is not None and begun.operation is Operation.TAKE


def _first_answer(key: str, record: AssignmentRecord, request: AssignmentRequest) -> Assignment:
    if record.status is AssignmentStatus.RELEASED:
        raise ProblemError(
            ProblemType.ASSIGNMENT_RELEASED,
            f"Assignment {key} was released",
        )
    if record.request != request:
        raise ProblemError(
            ProblemType.KEY_REUSED, f"Assignment {key} was made by a different request"
        )
    return _to_api(key, record)


def _to_api(key: str, record: AssignmentRecord) -> Assignment:
    request = record.request
    return Assignment(
        key=key,
        title=request.title if request else "",
        priority=request.priority if request else None,
        due=request.due if request else None,
        **record.model_dump(exclude={"request", "number"}),
    )
