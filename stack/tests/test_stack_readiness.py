"""When a service of the stack counts as ready."""

from collections.abc import Callable

import httpx
import pytest

from stack.readiness import service_ready

Answer = Callable[[httpx.Request], httpx.Response]


def refused(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


@pytest.mark.parametrize(
    ("answer", "ready"),
    [
        (lambda _: httpx.Response(200, json={"status": "ready"}), True),
        (lambda _: httpx.Response(200, json={"status": "ready", "warnings": ["no"]}), False),
        (lambda _: httpx.Response(503, json={"detail": "no sidecar"}), False),
        (refused, False),
    ],
)
async def test_a_service_is_ready_when_nothing_of_it_is_missing(
    answer: Answer, ready: bool
) -> None:
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        assert await service_ready(client, "http://service")() is ready
