"""The rules of assigning, without I/O.

A member's record counts what the member holds, and an assignment's record says who holds it. The
two are separate values of the store, so an assignment is made in steps that can be taken up again
after a crash between any two of them:

1. the member's record counts it and notes it in `open`: the capacity is taken;
2. the assignment's record is created: from now on it is true, and only the first one can be.

A release does the same in reverse: the member's record gives the capacity back and notes that,
then the assignment's record says so. What stands in `open` is settled the next time that anybody
looks at the member: the assignment's record tells how the operation ended.
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
    """What was begun."""

    TAKE = "take"
    GIVE_BACK = "give-back"


class OpenOperation(BaseModel):
    """An operation that a member's record counts already, and an assignment's may not yet."""

    operation: Operation
    number: int


class AssignmentRecord(BaseModel):
    """Who holds an assignment. One that was released before it was made has no member."""

    status: AssignmentStatus
    request: AssignmentRequest | None = None
    member_id: str | None = None
    name: str = ""
    email: str = ""
    number: int = -1
    assigned_at: AwareDatetime | None = None
    released_at: AwareDatetime | None = None


class MemberRecord(BaseModel):
    """A member with the count of what is held; removed ones stay, so that counts go on."""

    id: str
    profile: MemberProfile
    number: int
    """The member's place in the list of members; another entry for the same one is void."""
    removed: bool = False
    held: int = 0
    next_number: int = 0
    open: dict[str, OpenOperation] = {}

    def shown(self) -> Member:
        """Return the member as the API shows it."""
        return Member(id=self.id, held=self.held, **self.profile.model_dump())

    def settled(self, assignments: Mapping[str, AssignmentRecord | None]) -> Self:
        """Return the record without the open operations whose end is known.

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
                # It was released, or went to somebody else, before it was made here.
                held -= 1
        return self.model_copy(update={"open": still_open, "held": held})

    def _holds(self, assignment: AssignmentRecord, begun: OpenOperation) -> bool:
        return (
            assignment.status is AssignmentStatus.HELD
            and assignment.member_id == self.id
            and assignment.number == begun.number
        )

    def refusal(self) -> ProblemType | None:
        """Return why the member gets no new assignment, or None."""
        if self.removed:
            return ProblemType.UNKNOWN_MEMBER
        if self.profile.away:
            return ProblemType.MEMBER_AWAY
        if self.profile.capacity is not None and self.held >= self.profile.capacity:
            return ProblemType.MEMBER_FULL
        return None

    def taking(self, key: str) -> Self:
        """Return the record with one more assignment counted, and noted as begun."""
        begun = OpenOperation(operation=Operation.TAKE, number=self.next_number)
        return self.model_copy(
            update={
                "held": self.held + 1,
                "next_number": self.next_number + 1,
                "open": {**self.open, key: begun},
            }
        )

    def giving_back(self, key: str, number: int) -> Self:
        """Return the record with one assignment less counted, and noted as begun."""
        begun = OpenOperation(operation=Operation.GIVE_BACK, number=number)
        return self.model_copy(update={"held": self.held - 1, "open": {**self.open, key: begun}})


def least_loaded(members: Iterable[MemberRecord], skills: Iterable[str]) -> MemberRecord | None:
    """Return the available member with all `skills` who holds least, or None.

    Among equals the one with fewer assignments in all time comes first, then the lower id, so
    that the same state always gives the same answer.
    """
    wanted = set(skills)
    able = [m for m in members if m.refusal() is None and wanted <= set(m.profile.skills)]
    return min(able, key=lambda m: (m.held, m.next_number, m.id), default=None)


def agenda(assignments: Mapping[str, AssignmentRecord], now: datetime) -> list[AgendaItem]:
    """Return open assignments as a member's agenda, the most urgent first.

    By due date, and so the overdue ones first and those without one last; then by priority, high
    before low; then by the time of the assignment.

    Args:
        assignments: The open ones by key.
        now: The time after which nothing is overdue yet.
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
