"""How often an address may start and upload."""

import pytest
from unit_support.api import api_over

from contracts.problems import ProblemType
from orchestrator.api.rate_limits import RateLimits
from orchestrator.settings import Settings
from orchestrator.storage.guard import StoreGuard
from servicekit.testing import MemoryStateStore


class EngineOfRepeats:
    """An engine that started everything before."""

    async def start(self, *_: object) -> bool:
        return False


@pytest.mark.parametrize(("limit", "accepted"), [(3, 3), (0, 10)])
async def test_starts_and_uploads_are_counted_apart(limit: int, accepted: int) -> None:
    async with api_over(
        engine=EngineOfRepeats(),
        store=MemoryStateStore(),
        store_guard=StoreGuard([]),
        rate_limits=RateLimits(starts_per_minute=limit, uploads_per_minute=limit),
    ) as api:
        task = {"task_id": "1", "title": "T", "assignee": "alice"}
        invalid = await api.post("/tasks/process", json={})
        assert invalid.status_code == 422
        for send, status in (
            (lambda _: api.post("/tasks/process", json=task), 200),
            (lambda n: api.put(f"/documents/d{n}", json={"text": "T"}), 201),
        ):
            answers = [await send(n) for n in range(10)]
            assert [a.status_code for a in answers].count(status) == accepted
            for refused in answers[accepted:]:
                assert refused.status_code == 429
                assert refused.json()["type"] == ProblemType.TOO_MANY_REQUESTS
                assert 1 <= int(refused.headers["retry-after"]) <= 120


def test_the_defaults_are_above_what_one_orchestrator_can_run() -> None:
    # 61 workflows a second were measured.
    assert Settings().starts_per_minute > 61 * 60
