"""Both streams count against the bound, before anything is read for them."""

import pytest
from unit_support.api import api_over

from contracts.problems import ProblemType
from servicekit.stream_slots import StreamSlots


@pytest.mark.parametrize("path", ["/instances/stream", "/instances/task-1/stream"])
async def test_a_stream_beyond_the_bound_is_answered_503(path: str) -> None:
    async with api_over(streams=StreamSlots(0)) as client:
        answer = await client.get(path)
    assert (answer.status_code, answer.json()["type"]) == (503, ProblemType.UNAVAILABLE)
    assert answer.headers["retry-after"] == "5"
