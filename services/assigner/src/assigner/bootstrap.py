"""The composition root of the assigner: builds what its routes use."""

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
    def create(cls, store: StateStore, settings: Settings) -> "Assigner":
        """Return an assigner with its state in `store`."""
        records = Records(store, settings.records_kept)
        locks = KeyedLocks()
        directory = Directory(records, locks, open_to_all=settings.open_directory)
        return cls(directory, Ledger(records, directory, locks), Agendas(records, directory))

    async def add_team(self, team: list[TeamMember]) -> None:
        """Add the members that the directory never had, and leave the others unchanged."""
        for member in team:
            profile = MemberProfile(**member.model_dump(exclude={"id"}))
            await self.directory.put(member.id, profile, new=True)


async def open_assigner(
    stack: AsyncExitStack, settings: Settings, readiness: Readiness
) -> Assigner:
    """Open the assigner over the sidecar's state store, and add the team of the settings."""
    team = TEAM.validate_json(settings.team_file.read_bytes())
    await open_sidecar(stack, settings, readiness)
    store = await open_state_store(stack, settings)
    assigner = Assigner.create(store, settings)
    await assigner.add_team(team)
    return assigner
