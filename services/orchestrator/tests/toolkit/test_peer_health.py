"""Whether the peers can serve is asked of them, once for all who want to know."""

import asyncio

import httpx
import pytest

from orchestrator.toolkit.peers import health
from orchestrator.toolkit.peers.health import PeerHealth

DENIED = {"errorCode": "ERR_DIRECT_INVOKE", "message": "rpc error: code = PermissionDenied"}
REFUSED = {"errorCode": "ERR_DIRECT_INVOKE", "message": "dial tcp: connection refused"}


def asking(*answers: httpx.Response | Exception) -> tuple[PeerHealth, list[str]]:
    """Return the health of peers that answer so, the last again and again, and who was asked."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        given = answers[min(len(asked), len(answers)) - 1]
        if isinstance(given, Exception):
            raise given
        return given

    transport = httpx.MockTransport(answer)
    return PeerHealth(httpx.AsyncClient(transport=transport, base_url="http://sidecar")), asked


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (httpx.Response(200), None),
        (httpx.Response(503, text="no store"), "503 no store"),
        (httpx.Response(500, json=DENIED), None),
        (httpx.Response(404), None),
        (httpx.ConnectError("refused"), "ConnectError refused"),
    ],
)
async def test_what_cannot_serve_is_away(
    answer: httpx.Response | Exception, problem: str | None
) -> None:
    peers, asked = asking(answer)
    state = await peers.state("notifier")
    assert (state.problem, state.since is None) == (problem, problem is None)
    assert asked == ["/v1.0/invoke/notifier/method/readyz"]


async def test_an_answer_counts_for_a_second_whoever_asks() -> None:
    peers, asked = asking(httpx.Response(200))
    await asyncio.gather(*(peers.away(["assigner", "notifier", "notifier"]) for _ in range(9)))
    assert len(asked) == 2


async def test_it_is_away_since_it_was_first_found_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "FRESH_SECONDS", -1)
    refused = httpx.Response(500, json=REFUSED)
    peers, _ = asking(refused, refused, httpx.Response(200), refused)
    first, again, back, anew = [await peers.away(["notifier"]) for _ in range(4)]
    assert first == again
    assert back == {}
    assert anew["notifier"] > first["notifier"]


async def test_no_answer_in_time_is_none() -> None:
    async def never(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    http = httpx.AsyncClient(transport=httpx.MockTransport(never), base_url="http://sidecar")
    state = await PeerHealth(http, timeout=0.01).state("notifier")
    assert state.problem == "no answer within 0.01 s"
