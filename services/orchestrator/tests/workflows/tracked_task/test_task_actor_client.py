"""The client of a task's actor: its calls, and answers that are retryable."""

from collections.abc import Callable

import httpx
import pytest

from orchestrator.toolkit.peer_errors import PeerUnavailable
from orchestrator.workflows.tracked_task.adapters.task_actor_client import TaskActorClient


def client(handler: Callable[[httpx.Request], httpx.Response]) -> TaskActorClient:
    http = httpx.AsyncClient(base_url="http://sidecar", transport=httpx.MockTransport(handler))
    return TaskActorClient(http, timeout=1)


async def test_the_actor_is_called_through_the_sidecar() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, json={"task": None})

    assert await client(answer).get("a.b-1") is None
    assert asked == ["/v1.0/actors/TaskActor/a.b-1/method/Get"]


@pytest.mark.parametrize(
    "answer",
    [
        # An exception in the actor: Dapr answers with the status 200.
        httpx.Response(200, json={"message": "RuntimeError('boom')", "errorCode": "UNKNOWN"}),
        httpx.Response(500, json={"errorCode": "ERR_ACTOR_INVOKE_METHOD", "message": "no host"}),
        httpx.Response(502, text="<html>"),
        httpx.Response(200, content=b""),
    ],
)
async def test_an_invalid_answer_is_retryable(answer: httpx.Response) -> None:
    with pytest.raises(PeerUnavailable, match="TaskActor answered"):
        await client(lambda _: answer).get("1")


async def test_a_missing_sidecar_is_retryable() -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(PeerUnavailable, match="ConnectError"):
        await client(refuse).get("1")
