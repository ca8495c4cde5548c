"""What a member has to do: the open assignments, the most urgent first.

A member's assignments are a sequence that only grows, and most of it is released. Which of it is
open is found by reading it once, from the start: an index remembers how far it was read and what
was open, and is written by who reads the agenda. So an assignment costs nothing more, assignments
from before there was an index are found, and an index that is lost is made again.
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

# One answer of the store has 4 MiB at most; an assignment's record has 1 KiB or so.
PAGE = 200
# What one request reads at most: 5 pages that are sorted, and 10 that are searched.
MAX_SORTED = 1_000
MAX_SEARCHED = 2_000


class Agendas:
    """The agenda of each member."""

    def __init__(self, records: Records, directory: Directory) -> None:
        """Read the assignments in `records` of the members of `directory`."""
        self._records = records
        self._directory = directory
        self._sequence = Sequence(records.store)

    async def read(self, member: str, limit: int, now: datetime) -> Agenda:
        """Return a member's open assignments, the most urgent first.

        Args:
            member: The member's id or e-mail address.
            limit: How many at most.
            now: The time after which nothing is overdue yet.

        Raises:
            ProblemError: There is no such member; 404.
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
            await self._keep(record.id, index, read.etag)
        return Agenda(
            member_id=record.id,
            held=record.held,
            items=agenda(found, now)[:limit],
            complete=known_to == record.next_number,
        )

    async def _open(
        self, member: MemberRecord, numbers: Numbers[int]
    ) -> tuple[list[int], dict[str, AssignmentRecord]]:
        """Return which of `numbers` are open or may become so, and the open assignments by key."""
        # A number that is taken has no assignment until the last step of making it.
        begun = {o.number for o in member.open.values() if o.operation is Operation.TAKE}
        kept: set[int] = begun & set(numbers)
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
                    kept.add(number)
        return sorted(kept), found

    async def _keep(self, member_id: str, index: OpenIndex, etag: str | None) -> None:
        try:
            await self._records.put_open_index(member_id, index, etag)
        except Conflict:
            # Another reader wrote one; each is right, and one that knows less is extended.
            log.debug("index written by another reader", member=member_id)
