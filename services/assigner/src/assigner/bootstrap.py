"""The composition root: what the assigner's routes use, put together."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from pydantic import ConfigDict, TypeAdapter

from assigner.agenda import Agendas
from assigner.directory import Directory
from assigner.ledger import Ledger
from assigner.settings import Settings
from assigner.store import Records
from contracts.assigner import MemberProfile
from contracts.fields import Person
from servicekit.locks import KeyedLocks
from servicekit.opening import open_sidecar, open_state_store
from servicekit.readiness import Readiness
from servicekit.state import StateStore


class TeamMember(MemberProfile):
    """An entry of the team file."""

    model_config = ConfigDict(extra="forbid")

    id: Person


TEAM = TypeAdapter(list[TeamMember])


@dataclass(frozen=True)
class Assigner:
    """The members, their assignments and their agendas, in one store."""

    directory: Directory
    ledger: Ledger
    agendas: Agendas

    @classmethod
    def over(cls, store: StateStore, *, open_directory: bool) -> "Assigner":
        """Return an assigner that keeps everything in `store`."""
        records = Records(store)
        locks = KeyedLocks()
        directory = Directory(records, locks, open_to_all=open_directory)
        return cls(directory, Ledger(records, directory, locks), Agendas(records, directory))

    async def add_team(self, team: list[TeamMember]) -> None:
        """Add the members who were never in the directory; leave all others as they are."""
        for member in team:
            profile = MemberProfile(**member.model_dump(exclude={"id"}))
            await self.directory.put(member.id, profile, new=True)


async def open_assigner(
    stack: AsyncExitStack, settings: Settings, readiness: Readiness
) -> Assigner:
    """Open the assigner over the sidecar's store, with the team of the settings in it."""
    team = TEAM.validate_json(settings.team_file.read_bytes())
    await open_sidecar(stack, settings, readiness)
    store = await open_state_store(stack, settings)
    assigner = Assigner.over(store, open_directory=settings.open_directory)
    await assigner.add_team(team)
    return assigner
