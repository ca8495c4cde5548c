"""The audit trail has an entry of each change of a schedule, and none of what was never there."""

from unit_support.api import api_over

from contracts.problems import ProblemType
from orchestrator.operations.audit import Audit
from orchestrator.schemas.schedules import Schedule
from servicekit.problems import ProblemError
from servicekit.testing import MemoryStateStore


class Schedules:
    """Has one schedule, by name."""

    def __init__(self) -> None:
        self.names = {"plants"}

    async def exists(self, name: str) -> bool:
        return name in self.names

    async def get(self, name: str) -> Schedule:
        if name not in self.names:
            raise ProblemError(ProblemType.NOT_FOUND, f"There is no schedule {name}")
        return Schedule(
            id=name,
            workflow="task",
            request={},
            every_seconds=60,
            paused=True,
            next_at=None,
            created_by="olga",
        )

    pause = resume = get

    async def delete(self, name: str) -> None:
        self.names.discard(name)


async def test_what_was_never_there_leaves_no_entry() -> None:
    store, schedules = MemoryStateStore(), Schedules()
    async with api_over(scheduler=schedules, audit=Audit(store)) as api:
        for name in ("plants", "other"):
            for action in ("pause", "resume"):
                answer = await api.post(f"/schedules/{name}/{action}")
                assert answer.status_code == (200 if name == "plants" else 404)
            for _ in range(2):
                assert (await api.delete(f"/schedules/{name}")).status_code == 204
    trail = (await Audit(store).page(None, 100)).items
    assert [(entry.action, entry.target) for entry in reversed(trail)] == [
        (f"schedule.{action}", "plants") for action in ("pause", "resume", "delete")
    ]
