"""Streams are bounded in number, and say 503 where they cannot begin."""

from collections.abc import AsyncIterator

import pytest
from unit_support.api import api_over

from contracts.problems import ProblemType
from orchestrator.schemas.operations import AuditEntry
from servicekit.state import StoreUnavailable
from servicekit.stream_slots import StreamSlots


@pytest.mark.parametrize("path", ["/instances/stream", "/instances/task-1/stream"])
async def test_a_stream_beyond_the_bound_is_answered_503(path: str) -> None:
    async with api_over(streams=StreamSlots(0)) as client:
        answer = await client.get(path)
    assert (answer.status_code, answer.json()["type"]) == (503, ProblemType.UNAVAILABLE)
    assert answer.headers["retry-after"] == "5"


class UnavailableTrail:
    """An audit trail whose store does not answer."""

    async def entries(self) -> AsyncIterator[AuditEntry]:
        raise StoreUnavailable("no response")
        yield


async def test_a_download_that_cannot_begin_is_answered_503() -> None:
    async with api_over(audit=UnavailableTrail()) as client:
        answer = await client.get("/audit/export")
    assert (answer.status_code, answer.json()["type"]) == (503, ProblemType.UNAVAILABLE)
