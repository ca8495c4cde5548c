"""The rules of assigning, without I/O.

A member's record counts the open assignments, and an assignment's record names the member. The two
are separate values of the store, so assigning is done in steps that can be resumed after a crash
between any two of them:

1. the member's record counts the assignment and adds the operation to `open`: capacity is reserved;
2. the assignment's record is created, by first-write: the assignment is made.

A release is the reverse: the member's record returns the capacity and adds the operation to `open`,
then the assignment's record is changed. An operation in `open` is settled the next time that the
member is read for a change: the assignment's record shows how it ended.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Self

from pydantic import AwareDatetime, BaseModel

from contracts.assigner import (
    AgendaItem,
    AssignmentRequest,
    AssignmentStatus,
    Member,
    MemberProfile,
)
from contracts.fields import Priority
from contracts.problems import ProblemType


class Operation(StrEnum):
    """The kind of an operation."""

    TAKE = "take"
    GIVE_BACK = "give-back"


class OpenOperation(BaseModel):
    """An operation that is counted in the member's record, and perhaps not in the assignment's."""

    operation: Operation
    number: int


class AssignmentRecord(BaseModel):
    """An assignment as stored; one that was released before it was made has no member."""

    status: AssignmentStatus
    request: AssignmentRequest | None = None
    member_id: str | None = None
    name: str = ""
    email: str = ""
    number: int = -1
    assigned_at: AwareDatetime | None = None
    released_at: AwareDatetime | None = None


class MemberRecord(BaseModel):
    """A member as stored, with counters; removed members stay, so that numbers are not reused."""

    id: str
    profile: MemberProfile
    number: int
    """The member's number in the list of members; an entry with another number is void."""
    removed: bool = False
    held: int = 0
    next_number: int = 0
    open: dict[str, OpenOperation] = {}

    def to_api(self) -> Member:
        """Return the member's API model."""
        return Member(id=self.id, held=self.held, **self.profile.model_dump())

    def settled(self, assignments: Mapping[str, AssignmentRecord | None]) -> Self:
        """Return the record without the open operations whose outcome is known.

        Args:
            assignments: The record of each key in `open`, read after this record was.
        """
        still_open: dict[str, OpenOperation] = {}
        held = self.held
        for key, begun in self.open.items():
            assignment = assignments.get(key)
            if begun.operation is Operation.GIVE_BACK:
                if assignment is None or assignment.status is AssignmentStatus.HELD:
                    still_open[key] = begun
            elif assignment is None:
                still_open[key] = begun
            elif not self._holds(assignment, begun):
                # It was released, or assigned to another member, before this one got it.
                held -= 1
        return self.model_copy(update={"open": still_open, "held": held})

    def _holds(self, assignment: AssignmentRecord, begun: OpenOperation) -> bool:
        return (
            assignment.status is AssignmentStatus.HELD
            and assignment.member_id == self.id
            and assignment.number == begun.number
        )

    def refusal(self) -> ProblemType | None:
        """Return why the member cannot take a new assignment, or None."""
        if self.removed:
            return ProblemType.UNKNOWN_MEMBER
        if self.profile.away:
            return ProblemType.MEMBER_AWAY
        if self.profile.capacity is not None and self.held >= self.profile.capacity:
            return ProblemType.MEMBER_FULL
        return None

    def taking(self, key: str) -> Self:
        """Return the record with one assignment more, and the operation in `open`."""
        begun = OpenOperation(operation=Operation.TAKE, number=self.next_number)
        return self.model_copy(
            update={
                "held": self.held + 1,
                "next_number": self.next_number + 1,
                "open": {**self.open, key: begun},
            }
        )

    def giving_back(self, key: str, number: int) -> Self:
        """Return the record with one assignment less, and the operation in `open`."""
        begun = OpenOperation(operation=Operation.GIVE_BACK, number=number)
        return self.model_copy(update={"held": self.held - 1, "open": {**self.open, key: begun}})


def least_loaded(members: Iterable[MemberRecord], skills: Iterable[str]) -> MemberRecord | None:
    """Return the available member with all `skills` and the fewest open assignments, or None.

    Ties are broken by the fewest assignments ever, then by id, so that the choice is
    deterministic.
    """
    wanted = set(skills)
    able = [m for m in members if m.refusal() is None and wanted <= set(m.profile.skills)]
    return min(able, key=lambda m: (m.held, m.next_number, m.id), default=None)


def agenda(assignments: Mapping[str, AssignmentRecord], now: datetime) -> list[AgendaItem]:
    """Return open assignments as a member's agenda, the most urgent first.

    By due date (overdue ones first, those without one last), then by priority from urgent to low,
    then by the time of the assignment.

    Args:
        assignments: The open ones by key.
        now: The current time: what was due before it is overdue.
    """
    items = [
        AgendaItem(
            key=key,
            title=record.request.title,
            priority=record.request.priority or Priority.NORMAL,
            due=record.request.due,
            overdue=record.request.due is not None and record.request.due < now,
            assigned_at=record.assigned_at,
        )
        for key, record in assignments.items()
        if record.request is not None and record.assigned_at is not None
    ]
    return sorted(items, key=_urgency)


def _urgency(item: AgendaItem) -> tuple[bool, datetime, int, datetime, str]:
    due = item.due or _NEVER
    return item.due is None, due, -_RANKS[item.priority], item.assigned_at, item.key


_NEVER = datetime.max.replace(tzinfo=UTC)
_RANKS = {priority: rank for rank, priority in enumerate(Priority)}
