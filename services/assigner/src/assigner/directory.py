"""The members: who they are, and how they are found."""

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

# What could be an id; anything else is unknown without asking the store.
MEMBER_ID = re.compile(r"[a-z0-9][a-z0-9.!$&'*+=_~@-]{0,253}")
EMAIL = re.compile(EMAIL_PATTERN)


class Directory:
    """The members of the team."""

    def __init__(self, records: Records, locks: KeyedLocks, *, open_to_all: bool) -> None:
        """Keep members in `records`; with `open_to_all` an unknown e-mail address joins."""
        self._records = records
        self._locks = locks
        self._open_to_all = open_to_all
        self._sequence = Sequence(records.store)

    async def find(self, name: str) -> MemberRecord:
        """Return the member with that id or e-mail address.

        Raises:
            ProblemError: There is none; 404.
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
        """Return the id of the member with that id or e-mail address, who may join by it.

        Raises:
            ProblemError: There is none, and nobody may join; 404.
        """
        try:
            return (await self.find(name)).id
        except ProblemError:
            email = name.strip().lower()
            if not self._open_to_all or not EMAIL.fullmatch(email):
                raise
            # Somebody who was removed does not come back by being named.
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
            # Another member got the address meanwhile, and is found by it now.
            return (await self.find(name)).id
        return email

    async def put(self, member_id: str, profile: MemberProfile, *, new: bool = False) -> Member:
        """Create a member or change what is known about one; with `new`, leave one that exists.

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
            return old.shown()
        # The indexes are written before a member who is to be found by them, and cleaned after:
        # a crash leaves too many entries, never too few, and each is checked when it is used.
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
        return record.shown()

    async def remove(self, member_id: str) -> None:
        """Remove a member who holds nothing; one who is not there is removed already.

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
                    "or say that the member is away",
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
            members[key].shown()
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
