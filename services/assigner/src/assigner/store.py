"""The keys and models of the assigner's state."""

from collections.abc import Callable, Iterable
from datetime import timedelta

from pydantic import BaseModel

from assigner.domain import AssignmentRecord, MemberRecord
from contracts.assigner import AssignmentStatus
from servicekit.state import PERMANENT, StateStore, Versioned

MEMBERS = "members"


class SkillIndex(BaseModel):
    """The members who may have a skill: all who have it, and perhaps some who no longer have."""

    members: list[str] = []


class EmailIndex(BaseModel):
    """The member who may have an e-mail address; to be checked against the member."""

    member_id: str


class OpenIndex(BaseModel):
    """The numbers of a member's assignments that may be open; to be checked against each.

    It contains all open ones with numbers below `known_to`. Released assignments are never open
    again, so an old index stays correct.
    """

    known_to: int = 0
    numbers: list[int] = []


def held_by(member_id: str) -> str:
    """Return the name of the sequence of a member's assignments."""
    return f"held:{member_id}"


class Records:
    """Typed reads and writes of the assigner's values."""

    def __init__(self, store: StateStore, released_kept: timedelta) -> None:
        """Read and write in `store`; a released assignment is kept for `released_kept`."""
        self.store = store
        self.released_kept = released_kept

    async def member(self, member_id: str) -> Versioned[MemberRecord]:
        """Read a member."""
        return await self.store.get(f"member:{member_id}", MemberRecord)

    async def members(self, ids: Iterable[str]) -> list[MemberRecord]:
        """Read several members, without those that do not exist."""
        read = await self.store.get_many([f"member:{i}" for i in ids], MemberRecord)
        return [entry.value for entry in read.values() if entry.value]

    async def put_member(self, record: MemberRecord, etag: str | None) -> None:
        """Write a member over the version with `etag`, else raise Conflict."""
        await self.store.put(f"member:{record.id}", record, etag)

    async def update_member(
        self, member_id: str, change: Callable[[MemberRecord | None], MemberRecord | None]
    ) -> None:
        """Change a member's record, again after each conflict; see `StateStore.update`."""
        await self.store.update(f"member:{member_id}", MemberRecord, change)

    async def assignment(self, key: str) -> Versioned[AssignmentRecord]:
        """Read an assignment."""
        return await self.store.get(f"assignment:{key}", AssignmentRecord)

    async def assignments(self, keys: Iterable[str]) -> dict[str, Versioned[AssignmentRecord]]:
        """Read several assignments by key."""
        wanted = {f"assignment:{key}": key for key in keys}
        read = await self.store.get_many(wanted, AssignmentRecord)
        return {wanted[full]: entry for full, entry in read.items()}

    async def put_assignment_if_absent(
        self, key: str, record: AssignmentRecord
    ) -> tuple[AssignmentRecord, bool]:
        """Create an assignment or return the one there is, and whether it was created now."""
        return await self.store.put_if_absent(f"assignment:{key}", record, ttl=self._kept(record))

    async def put_assignment(self, key: str, record: AssignmentRecord, etag: str | None) -> None:
        """Write an assignment over the version with `etag`, else raise Conflict."""
        await self.store.put(f"assignment:{key}", record, etag, ttl=self._kept(record))

    def _kept(self, record: AssignmentRecord) -> timedelta:
        """Return how long an assignment is kept: without end while it is held."""
        return PERMANENT if record.status is AssignmentStatus.HELD else self.released_kept

    async def open_index(self, member_id: str) -> Versioned[OpenIndex]:
        """Read which assignments of a member may be open."""
        return await self.store.get(f"open:{member_id}", OpenIndex)

    async def put_open_index(self, member_id: str, index: OpenIndex, etag: str | None) -> None:
        """Write which assignments of a member may be open, else raise Conflict."""
        await self.store.put(f"open:{member_id}", index, etag)

    async def email(self, email: str) -> Versioned[EmailIndex]:
        """Read which member may have an e-mail address."""
        return await self.store.get(f"email:{email}", EmailIndex)

    async def put_email(self, email: str, member_id: str, etag: str | None) -> None:
        """Write which member has an e-mail address, or raise Conflict."""
        await self.store.put(f"email:{email}", EmailIndex(member_id=member_id), etag)

    async def index_skill(self, skill: str, member_id: str, *, listed: bool) -> None:
        """Add a member to those who may have a skill, or remove the member from them."""

        def change(index: SkillIndex | None) -> SkillIndex | None:
            members = index.members if index else []
            if (member_id in members) == listed:
                return None
            others = [m for m in members if m != member_id]
            return SkillIndex(members=[*others, member_id] if listed else others)

        await self.store.update(f"skill:{skill}", SkillIndex, change)

    async def with_skills(self, skills: Iterable[str]) -> list[MemberRecord]:
        """Read the members who may have all of `skills`."""
        read = await self.store.get_many([f"skill:{s}" for s in skills], SkillIndex)
        sets = [set(entry.value.members if entry.value else []) for entry in read.values()]
        return await self.members(sorted(set.intersection(*sets)))
