"""Start-up: requests get 503 until the service is open, and what was opened is closed."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Annotated, NamedTuple

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI

from contracts.problems import ProblemType
from servicekit import startup
from servicekit.app import build_app
from servicekit.problems import ProblemError
from servicekit.readiness import Readiness
from servicekit.settings import ServiceSettings
from servicekit.startup import Startup, opened
from servicekit.state import StoreUnavailable
from support.system import eventually


class Container(NamedTuple):
    name: str


ContainerDep = Annotated[Container, Depends(opened(Container))]
router = APIRouter()


async def get_name(container: ContainerDep) -> str:
    return container.name


@router.get("/name/{number}")
async def read_name(number: int, name: Annotated[str, Depends(get_name)]) -> str:
    return f"{name} {number}"


@asynccontextmanager
async def running(
    open_: Callable[[], Container | None], **settings: object
) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the route; the service is open once `open_` returns a container."""

    async def opener(_: AsyncExitStack, __: ServiceSettings, ___: Readiness) -> Container:
        async def look() -> Container | None:
            return open_()

        return await eventually(look, "the service to open")

    app = build_app(
        title="T",
        description="",
        tags=[],
        settings=ServiceSettings.model_validate(settings),
        open_=opener,
        routers=[router],
    )
    async with app.router.lifespan_context(app), client_of(app) as client:
        yield client


def client_of(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t")


async def ready(client: httpx.AsyncClient) -> bool | None:
    return (await client.get("/readyz")).is_success or None


async def test_a_route_answers_503_with_retry_after_until_its_container_is_open() -> None:
    containers: list[Container] = []
    async with running(lambda: containers[0] if containers else None) as client:
        answer = await client.get("/name/1")
        assert (answer.status_code, answer.json()["type"]) == (503, ProblemType.UNAVAILABLE)
        assert answer.headers["retry-after"] == "1"
        assert answer.json()["detail"] == "the service is starting"
        containers.append(Container("open"))
        await eventually(lambda: ready(client), "the service to be ready")
        assert (await client.get("/name/1")).json() == "open 1"
        assert (await client.get("/name/one")).status_code == 404


async def test_a_caller_without_token_gets_401_even_before_the_service_is_open() -> None:
    async with running(lambda: None, app_api_token="right") as client:
        assert (await client.get("/name/1")).status_code == 401
        answer = await client.get("/name/1", headers={"dapr-api-token": "right"})
        assert answer.status_code == 503


async def test_a_dependency_on_another_container_is_an_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def opener(_: AsyncExitStack, __: ServiceSettings, ___: Readiness) -> str:
        return "no container"

    app = build_app(
        title="T",
        description="",
        tags=[],
        settings=ServiceSettings(),
        open_=opener,
        routers=[router],
    )
    async with app.router.lifespan_context(app), client_of(app) as client:
        await eventually(lambda: ready(client), "the service to be ready")
        assert (await client.get("/name/1")).status_code == 500
    assert "the opener returned str, not Container" in capsys.readouterr().out


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(startup, "RETRY_SECONDS", 0.01)


class Recorder:
    """An opener that records what is opened and closed, and fails as often as it is given."""

    def __init__(self, *errors: Exception) -> None:
        self.log: list[str] = []
        self._errors = list(errors)

    async def __call__(self, stack: AsyncExitStack) -> str:
        for name in ("store", "cache"):
            self.log.append(f"open {name}")
            stack.callback(self.log.append, f"close {name}")
            if name == "store" and self._errors:
                raise self._errors.pop(0)
        return "value"


async def is_open(service: Startup[str]) -> bool | None:
    return True if await service.why_not_ready() is None else None


async def test_what_was_opened_is_closed_at_the_end_in_reverse_order() -> None:
    opener = Recorder()
    async with Startup(opener, Readiness()) as service:
        await eventually(lambda: is_open(service), "the service to open")
        assert service.value() == "value"
        assert opener.log == ["open store", "open cache"]
    assert opener.log[2:] == ["close cache", "close store"]


@pytest.mark.usefixtures("quick_retries")
async def test_opening_is_retried_while_the_state_store_is_down() -> None:
    opener = Recorder(StoreUnavailable("refused"), StoreUnavailable("refused"))
    async with Startup(opener, Readiness()) as service:
        await eventually(lambda: is_open(service), "the service to open")
    # Each failed attempt is closed before the next begins.
    assert opener.log[:4] == ["open store", "close store"] * 2


@pytest.mark.usefixtures("quick_retries")
async def test_a_check_of_an_attempt_that_failed_is_asked_no_more() -> None:
    readiness, attempts = Readiness(), 0

    async def open_(_: AsyncExitStack) -> Container:
        nonlocal attempts
        attempts += 1
        client = f"the client of attempt {attempts} is closed"

        async def check() -> str | None:
            return client if attempts == 1 else None

        readiness.add(check)
        readiness.add_warning(check)
        if attempts == 1:
            raise StoreUnavailable("refused")
        return Container("open")

    async with Startup(open_, readiness) as service:
        await eventually(lambda: is_open(service), "the service to open")
        attempts = 1
        # That of the attempt which succeeded says otherwise from now on; the other is gone.
        assert await readiness.reasons() == ["the client of attempt 2 is closed"]
        assert await readiness.warnings() == ["the client of attempt 2 is closed"]
    assert await readiness.warnings() == []


async def test_a_service_whose_store_is_down_says_so() -> None:
    readiness = Readiness()
    async with Startup(Recorder(StoreUnavailable("refused")), readiness) as service:

        async def store_down() -> bool | None:
            return True if "refused" in str(await readiness.reasons()) else None

        await eventually(store_down, "the reason to be reported")
        with pytest.raises(ProblemError) as error:
            service.value()
        assert error.value.type is ProblemType.UNAVAILABLE
        assert error.value.detail == "the state store does not respond (refused)"
        assert error.value.retry_after == 1


@pytest.fixture
def signals() -> Iterator[list[int]]:
    """Record SIGTERM instead of ending the tests by it."""
    received: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: received.append(number))
    yield received
    signal.signal(signal.SIGTERM, before)


async def test_an_unexpected_error_ends_the_process_with_sigterm(signals: list[int]) -> None:
    opener = Recorder(RuntimeError("no team file"))
    async with Startup(opener, Readiness()) as service:

        async def ended() -> bool | None:
            return bool(signals) or None

        await eventually(ended, "SIGTERM")
        assert await service.why_not_ready() == "startup failed: no team file"
    assert signals == [signal.SIGTERM]
    assert opener.log == ["open store", "close store"]


async def test_a_service_that_ends_while_it_opens_closes_what_it_has() -> None:
    log: list[str] = []

    async def never(stack: AsyncExitStack) -> str:
        stack.callback(log.append, "closed")
        log.append("opening")
        await asyncio.Event().wait()
        return "never"

    async with Startup(never, Readiness()):

        async def opening() -> bool | None:
            return bool(log) or None

        await eventually(opening, "the service to begin")
    assert log == ["opening", "closed"]
