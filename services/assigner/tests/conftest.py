import pytest

from assigner.bootstrap import TEAM, Assigner
from assigner.settings import Settings
from servicekit.testing import MemoryStateStore


@pytest.fixture
def store() -> MemoryStateStore:
    return MemoryStateStore()


@pytest.fixture
async def assigner(store: MemoryStateStore) -> Assigner:
    assigner = Assigner.create(store, Settings(open_directory=True))
    await assigner.add_team(TEAM.validate_json(Settings().team_file.read_bytes()))
    return assigner
