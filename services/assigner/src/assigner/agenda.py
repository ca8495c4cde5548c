"""A member's agenda: the open assignments, the most urgent first.

A member's assignments are an append-only sequence, of which most are released. An index records how
far the sequence was read and which of that was open. Readers of the agenda write it, so assigning
costs nothing more, assignments older than the index are found, and a lost index is rebuilt.
"""

from collections.abc import Sequence as Numbers
from datetime import datetime

import structlog

from assigner.directory import Directory
from assigner.domain import AssignmentRecord, MemberRecord, Operation, agenda
from assigner.store import OpenIndex, Records, held_by
from contracts.assigner import Agenda
from contracts.assigner import AssignmentStatus as Status
from servicekit.sequence import Sequence
from servicekit.state import Conflict

log = structlog.get_logger(__name__)

# A gRPC response of the sidecar has 4 MiB at most; an assignment's record has about 1 KiB.
PAGE = 200
# One request reads at most 5 pages of open assignments, and searches 10 pages for more.
MAX_SORTED = 1_000
MAX_SEARCHED = 2_000


class Agendas:
    """Reads the members' agendas."""

    def __init__(self, records: Records, directory: Directory) -> None:
        """Read assignments from `records`, of the members in `directory`."""
        self._records = records
        self._directory = directory
        self._sequence = Sequence(records.store)

    async def read(self, member: str, limit: int, now: datetime) -> Agenda:
        """Return a member's open assignments, the most urgent first.

        Args:
            member: The member's id or e-mail address.
            limit: How many at most.
            now: The current time: what was due before it is overdue.

        Raises:
            ProblemError: The member is unknown; 404.
        """
        record = await self._directory.find(member)
        read = await self._records.open_index(record.id)
        old = read.value or OpenIndex()
        numbers, found = await self._open(record, old.numbers)
        known_to = old.known_to
        until = min(record.next_number, known_to + MAX_SEARCHED)
        while known_to < until and len(numbers) < MAX_SORTED:
            page = range(known_to, min(known_to + PAGE, until))
            more, items = await self._open(record, page)
            numbers += more
            found |= items
            known_to = page.stop
        index = OpenIndex(known_to=known_to, numbers=numbers)
        if index != old:
            await self._save_index(record.id, index, read.etag)
        return Agenda(
            member_id=record.id,
            held=record.held,
            items=agenda(found, now)[:limit],
            complete=known_to >= record.next_number,
        )

    async def _open(
        self, member: MemberRecord, numbers: Numbers[int]
    ) -> tuple[list[int], dict[str, AssignmentRecord]]:
        """Return which of `numbers` are open or may become so, and the open assignments by key."""
        # A reserved number has no assignment record until the last step of assigning. The index may
        # be newer than the member's record, which then does not know all that are reserved.
        reserved = {o.number for o in member.open.values() if o.operation is Operation.TAKE}
        candidates = {n for n in numbers if n in reserved or n >= member.next_number}
        found: dict[str, AssignmentRecord] = {}
        for start in range(0, len(numbers), PAGE):
            page = numbers[start : start + PAGE]
            keys = {key: n for n, key in await self._sequence.entries(held_by(member.id), page)}
            read = await self._records.assignments(keys)
            for key, number in keys.items():
                record = read[key].value
                if (
                    record is not None
                    and record.status is Status.HELD
                    and (record.member_id, record.number) == (member.id, number)
                ):
                    found[key] = record
                    candidates.add(number)
        return sorted(candidates), found

    async def _save_index(self, member_id: str, index: OpenIndex, etag: str | None) -> None:
        try:
            await self._records.put_open_index(member_id, index, etag)
        except Conflict:
            # Another reader wrote the index. Either is correct; the next reader extends it.
            log.debug("index conflict ignored", member=member_id)
