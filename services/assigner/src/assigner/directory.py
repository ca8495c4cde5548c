"""The directory of members."""

import re

from assigner.domain import MemberRecord
from assigner.store import MEMBERS, Records
from contracts.assigner import Member, MemberPage, MemberProfile
from contracts.fields import EMAIL_PATTERN
from contracts.problems import ProblemType
from servicekit.locks import KeyedLocks
from servicekit.problems import ProblemError
from servicekit.sequence import Sequence, next_before
from servicekit.state import until_written

# The ids that can exist; any other is unknown without a read of the store.
MEMBER_ID = re.compile(r"[a-z0-9][a-z0-9.!$&'*+=_~@-]{0,253}")
EMAIL = re.compile(EMAIL_PATTERN)


class Directory:
    """Finds, changes and lists members."""

    def __init__(self, records: Records, locks: KeyedLocks, *, open_to_all: bool) -> None:
        """Store members in `records`; with `open_to_all` an unknown e-mail address is added."""
        self._records = records
        self._locks = locks
        self._open_to_all = open_to_all
        self._sequence = Sequence(records.store)

    async def find(self, name: str) -> MemberRecord:
        """Return the member with that id or e-mail address.

        Raises:
            ProblemError: The member is unknown; 404.
        """
        wanted = name.strip().lower()
        if EMAIL.fullmatch(wanted):
            index = (await self._records.email(wanted)).value
            if index is not None:
                record = (await self._records.member(index.member_id)).value
                if record and not record.removed and record.profile.email == wanted:
                    return record
        if MEMBER_ID.fullmatch(wanted):
            record = (await self._records.member(wanted)).value
            if record is not None and not record.removed:
                return record
        raise ProblemError(ProblemType.UNKNOWN_MEMBER, f"Unknown member: {name.strip()}")

    async def resolve(self, name: str) -> str:
        """Return the id of the member with that id or e-mail address, added where it is new.

        Raises:
            ProblemError: The member is unknown, and the directory is closed; 404.
        """
        try:
            return (await self.find(name)).id
        except ProblemError:
            email = name.strip().lower()
            if not self._open_to_all or not EMAIL.fullmatch(email):
                raise
            # An assignment does not bring a removed member back.
            record = (await self._records.member(email)).value
            if record is not None and record.removed:
                raise
        try:
            await self.put(
                email, MemberProfile(name=email.partition("@")[0], email=email), new=True
            )
        except ProblemError as error:
            if error.type is not ProblemType.EMAIL_TAKEN:
                raise
            # A concurrent request gave the address to another member, who is found now.
            return (await self.find(name)).id
        return email

    async def put(self, member_id: str, profile: MemberProfile, *, new: bool = False) -> Member:
        """Create or change a member; with `new`, leave an existing one unchanged.

        Raises:
            ProblemError: The e-mail address belongs to another member; 409.
        """
        async with self._locks(member_id):
            return await until_written(
                f"member {member_id}", lambda: self._put_once(member_id, profile, new=new)
            )

    async def _put_once(self, member_id: str, profile: MemberProfile, *, new: bool) -> Member:
        read = await self._records.member(member_id)
        old = read.value
        if old is not None and new:
            return old.to_api()
        # Index entries are added before the member is written, and removed after: a crash leaves
        # too many, never too few, and each entry is checked against the member when it is used.
        await self._claim_email(profile.email, member_id)
        for skill in profile.skills:
            await self._index_skill(skill, member_id, listed=True)
        if old is None:
            number = await self._sequence.reserve(MEMBERS)
            await self._sequence.place(MEMBERS, number, member_id)
            record = MemberRecord(id=member_id, profile=profile, number=number)
        else:
            record = old.model_copy(update={"profile": profile, "removed": False})
        await self._records.put_member(record, read.etag)
        for skill in set(old.profile.skills if old else []) - set(profile.skills):
            await self._index_skill(skill, member_id, listed=False)
        return record.to_api()

    async def remove(self, member_id: str) -> None:
        """Remove a member who holds no assignment; idempotent.

        Raises:
            ProblemError: The member still holds assignments; 409.
        """

        def removed(member: MemberRecord | None) -> MemberRecord | None:
            if member is None or member.removed:
                return None
            if member.held:
                raise ProblemError(
                    ProblemType.MEMBER_HOLDS_ASSIGNMENTS,
                    f"{member_id} holds {member.held} assignments: release them first, "
                    "or mark the member as away",
                )
            return member.model_copy(update={"removed": True})

        async with self._locks(member_id):
            await self._records.update_member(member_id, removed)

    async def page(self, before: int | None, limit: int) -> MemberPage:
        """Return members, the newest first."""
        if before is None:
            before = await self._sequence.newest(MEMBERS)
        entries = await self._sequence.page(MEMBERS, before, limit)
        members = {m.id: m for m in await self._records.members(key for _, key in entries)}
        items = [
            members[key].to_api()
            for number, key in entries
            if key in members and members[key].number == number and not members[key].removed
        ]
        return MemberPage(items=items, next=next_before(before, limit))

    async def _claim_email(self, email: str, member_id: str) -> None:
        await until_written(email, lambda: self._claim_email_once(email, member_id))

    async def _claim_email_once(self, email: str, member_id: str) -> None:
        read = await self._records.email(email)
        if read.value is not None and read.value.member_id == member_id:
            return
        if read.value is not None:
            owner = (await self._records.member(read.value.member_id)).value
            if owner and not owner.removed and owner.profile.email == email:
                raise ProblemError(ProblemType.EMAIL_TAKEN, f"{email} belongs to {owner.id}")
        await self._records.put_email(email, member_id, read.etag)

    async def _index_skill(self, skill: str, member_id: str, *, listed: bool) -> None:
        async with self._locks(f"skill:{skill}"):
            await self._records.index_skill(skill, member_id, listed=listed)
