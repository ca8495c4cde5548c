"""Which hosts and origins every service answers."""

import httpx
import pytest
from http_service import assert_problem, client_of

from contracts.problems import ProblemType


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8000",
        "LOCALHOST",
        "localhost.",
        "a.localhost:80",
        "127.0.0.1:30080",
        "10.244.0.7:8000",
        "[::1]:8000",
        "[fd00::7]",
        "orchestrator",
        "orchestrator.taskway.svc",
        "orchestrator.taskway.svc.cluster.local:80",
    ],
)
async def test_a_host_of_this_machine_or_cluster_is_answered(
    client: httpx.AsyncClient, host: str
) -> None:
    assert (await client.get("/found", headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "evil.example:8000",
        "127.0.0.1.evil.example",
        "svc",
        "xsvc.evil",
        "127.1.evil",
        "localhost:8000@evil.example",
        "localhost, evil.example",
        "local host",
        "a/b",
        "[::1",
        "[1.evil]",
        ":8000",
        "",
    ],
)
async def test_another_host_is_421(client: httpx.AsyncClient, host: str) -> None:
    answer = await client.get("/found", headers={"host": host})
    if host == "svc":
        # A name without a dot, whatever it is.
        assert answer.status_code == 200
    else:
        assert_problem(answer, 421, ProblemType.MISDIRECTED)


async def test_two_hosts_are_421(client: httpx.AsyncClient) -> None:
    request = client.build_request("GET", "/found")
    request.headers = httpx.Headers([("host", "localhost"), ("host", "evil.example")])
    assert_problem(await client.send(request), 421, ProblemType.MISDIRECTED)


async def test_allowed_hosts_are_a_setting() -> None:
    async with client_of(allowed_hosts=["tasks.example.com", "*.example.org"]) as client:
        for host in ("tasks.example.com", "a.example.org:443", "10.0.0.1"):
            assert (await client.get("/found", headers={"host": host})).status_code == 200
        for host in ("a.tasks.example.com", "example.org", "a.localhost"):
            answer = await client.get("/found", headers={"host": host})
            assert_problem(answer, 421, ProblemType.MISDIRECTED)
    async with client_of(allowed_hosts=["*"]) as client:
        assert (await client.get("/found", headers={"host": "evil.example"})).status_code == 200
        assert (await client.get("/found", headers={"host": "a/b"})).status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "same-origin", "origin": "http://localhost:8000"},
        {"sec-fetch-site": "none"},
        {"origin": "http://localhost:8000"},
        # Behind a proxy that ends TLS.
        {"origin": "https://localhost:8000"},
    ],
)
async def test_pages_of_the_service_and_other_programs_may_change_something(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    assert (await client.post("/empty", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
        {"sec-fetch-site": "same-site", "origin": "http://localhost:3000"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "?"},
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:3000"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://[evil"},
    ],
)
async def test_a_page_of_another_site_may_not(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    assert_problem(await client.post("/empty", headers=headers), 403, ProblemType.CROSS_ORIGIN)
    answer = await client.post("/things", json={}, headers=headers)
    assert_problem(answer, 403, ProblemType.CROSS_ORIGIN)
    # It may link to the service; without CORS headers it cannot read what it gets.
    read = await client.get("/found", headers=headers)
    assert read.status_code == 200
    assert not [name for name in read.headers if name.startswith("access-control-")]


async def test_trusted_origins_are_a_setting() -> None:
    async with client_of(trusted_origins=["https://portal.example.com"]) as client:
        headers = {"origin": "https://portal.example.com", "sec-fetch-site": "cross-site"}
        assert (await client.post("/empty", headers=headers)).status_code == 200
        headers["origin"] = "https://portal.example.com.evil.example"
        assert (await client.post("/empty", headers=headers)).status_code == 403
