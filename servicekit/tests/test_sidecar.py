"""The client of the sidecar: health, workers, token, and waiting for it."""

import asyncio

import httpx
import pytest
from fake_sidecar import FakeSidecar

from servicekit.settings import ServiceSettings
from servicekit.sidecar import UNTRACED, Sidecar, sidecar_client
from support.frozen import frozen_server
from support.system import eventually

SOMETHING_ELSE = "the sidecar answers something else than its metadata"
# Port 1 of the loopback has no listener.
NOWHERE = ServiceSettings(dapr_http_port=1)


async def test_the_health_of_the_sidecar_is_reported(
    sidecar: FakeSidecar, sidecar_settings: ServiceSettings
) -> None:
    async with sidecar_client(sidecar_settings) as http:
        assert await Sidecar(http).why_not_ready() is None
        sidecar.ready = False
        assert await Sidecar(http).why_not_ready() == "the sidecar is not ready"


async def test_a_sidecar_that_does_not_respond_is_reported() -> None:
    async with sidecar_client(NOWHERE) as http:
        reason = "the sidecar does not respond (ConnectError)"
        assert await Sidecar(http).why_not_ready() == reason
        assert await Sidecar(http).why_no_worker() == reason
        assert await Sidecar(http).why_actors_move([]) == reason


async def test_a_missing_workflow_worker_is_reported(
    sidecar: FakeSidecar, sidecar_settings: ServiceSettings
) -> None:
    async with sidecar_client(sidecar_settings) as http:
        assert await Sidecar(http).why_no_worker() == "no workflow worker is connected"
        sidecar.workers = 1
        assert await Sidecar(http).why_no_worker() is None


async def test_a_sidecar_is_settled_where_no_actor_is_about_to_move(
    sidecar: FakeSidecar, sidecar_settings: ServiceSettings
) -> None:
    sidecar.placement = "placement: disconnected"
    async with sidecar_client(sidecar_settings) as http:
        ours = Sidecar(http)
        assert await ours.why_actors_move([]) == "the sidecar is not connected to placement"
        sidecar.placement = "placement: connected"
        assert await ours.why_actors_move([]) is None
        assert await ours.why_actors_move(["A"]) == "the sidecar does not host A yet"
        sidecar.hosted = ["B", "A"]
        assert await ours.why_actors_move(["A"]) is None


async def test_a_service_waits_until_its_sidecar_is_settled(
    sidecar: FakeSidecar, sidecar_settings: ServiceSettings
) -> None:
    async with sidecar_client(sidecar_settings) as http:
        waiting = asyncio.create_task(Sidecar(http).wait_until_settled(["A"], within=60))
        await eventually(sidecar.seen_times(3), "the sidecar to be asked again")
        assert not waiting.done()
        sidecar.hosted = ["A"]
        await asyncio.wait_for(waiting, 10)


async def test_a_sidecar_that_does_not_settle_is_waited_for_only_so_long(
    sidecar: FakeSidecar, sidecar_settings: ServiceSettings
) -> None:
    async with sidecar_client(sidecar_settings) as http, asyncio.timeout(10):
        await Sidecar(http).wait_until_settled(["A"], within=0.1)
    assert len(sidecar.seen) > 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (httpx.Response(401, text="invalid api token"), "the sidecar answers 401"),
        (httpx.Response(200, text="<html>"), SOMETHING_ELSE),
        (httpx.Response(200, json=[]), SOMETHING_ELSE),
        (httpx.Response(200, json={"workflows": None}), SOMETHING_ELSE),
    ],
)
async def test_an_answer_that_is_no_metadata_is_reported(
    answer: httpx.Response, reason: str
) -> None:
    transport = httpx.MockTransport(lambda _: answer)
    async with httpx.AsyncClient(transport=transport, base_url="http://sidecar") as http:
        assert await Sidecar(http).why_no_worker() == reason


@pytest.mark.parametrize("token", [None, "secret"])
async def test_requests_have_the_api_token_and_start_no_trace(
    sidecar: FakeSidecar, sidecar_settings: ServiceSettings, token: str | None
) -> None:
    settings = sidecar_settings.model_copy(update={"dapr_api_token": token})
    async with sidecar_client(settings) as http:
        await Sidecar(http).why_not_ready()
        await Sidecar(http).why_no_worker()
    for _, _, headers in sidecar.seen:
        assert headers.get("dapr-api-token") == token
        assert headers["traceparent"] == UNTRACED["traceparent"]
        assert headers["traceparent"].endswith("-00")


async def test_a_proxy_of_the_environment_is_not_used(
    sidecar: FakeSidecar, sidecar_settings: ServiceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    async with sidecar_client(sidecar_settings) as http:
        assert await Sidecar(http).why_not_ready() is None


async def test_a_client_gives_up_after_its_timeout() -> None:
    async with (
        frozen_server() as port,
        sidecar_client(ServiceSettings(dapr_http_port=port), timeout=0.5) as http,
    ):
        with pytest.raises(httpx.ReadTimeout):
            await http.get("/")


async def test_shut_down_calls_the_sidecar(
    sidecar: FakeSidecar, sidecar_settings: ServiceSettings
) -> None:
    async with sidecar_client(sidecar_settings) as http:
        await Sidecar(http).shut_down()
    assert [seen[:2] for seen in sidecar.seen] == [("POST", "/v1.0/shutdown")]


async def test_waiting_ends_once_the_sidecar_is_ready(
    sidecar: FakeSidecar, sidecar_settings: ServiceSettings
) -> None:
    sidecar.ready = False
    async with sidecar_client(sidecar_settings) as http:
        waiting = asyncio.create_task(Sidecar(http).wait_until_ready())
        await eventually(sidecar.seen_times(3), "the sidecar to be asked several times")
        assert not waiting.done()
        sidecar.ready = True
        await asyncio.wait_for(waiting, 10)
