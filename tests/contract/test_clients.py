"""The orchestrator's clients and the providers' applications agree, without a sidecar between."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from assigner.bootstrap import TEAM, Assigner
from assigner.main import create_app as create_assigner
from assigner.settings import Settings as AssignerSettings
from contracts.assigner import AssignmentRequest, AssignmentStatus
from contracts.notifier import ChannelName, NotificationRequest, NotificationStatus
from contracts.problems import ProblemType
from notifier.bootstrap import Notifier
from notifier.main import create_app as create_notifier
from notifier.settings import Settings as NotifierSettings
from orchestrator.toolkit.peer_errors import PeerUnavailable, PeerUnreachable
from orchestrator.toolkit.peers.assigner import AssignerClient
from orchestrator.toolkit.peers.notifier import NotifierClient
from orchestrator.toolkit.peers.peer import PeerRefused
from servicekit.readiness import Readiness
from servicekit.state import StoreUnavailable
from servicekit.testing import MemoryStateStore
from support.system import eventually

INVOKE = re.compile(r"/v1\.0/invoke/(?P<app>[^/]+)/method(?P<path>/.*)")


class SidecarTransport(httpx.AsyncBaseTransport):
    """Forwards service invocations to applications in this process, as the sidecar would."""

    def __init__(self, apps: dict[str, FastAPI]) -> None:
        self._apps = {name: httpx.ASGITransport(app) for name, app in apps.items()}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        match = INVOKE.fullmatch(request.url.path)
        assert match, request.url.path
        request.url = request.url.copy_with(path=match["path"])
        return await self._apps[match["app"]].handle_async_request(request)


class FailingStore(MemoryStateStore):
    """A store that is down while `down` is set."""

    down = False

    async def _step(self, kind: str) -> None:
        if self.down:
            raise StoreUnavailable("down")
        await super()._step(kind)


@pytest.fixture
def store() -> FailingStore:
    return FailingStore()


@pytest.fixture
async def sidecar(store: FailingStore) -> AsyncIterator[httpx.AsyncClient]:
    async def open_assigner(
        _: AsyncExitStack, settings: AssignerSettings, __: Readiness
    ) -> Assigner:
        assigner = Assigner.create(store, settings)
        await assigner.add_team(TEAM.validate_json(settings.team_file.read_bytes()))
        return assigner

    async def open_notifier(
        _: AsyncExitStack, settings: NotifierSettings, __: Readiness
    ) -> Notifier:
        return Notifier.create(MemoryStateStore(), settings)

    apps = {
        "assigner": create_assigner(AssignerSettings(open_directory=False), open_assigner),
        "notifier": create_notifier(NotifierSettings(), open_notifier),
    }
    async with AsyncExitStack() as stack:
        for app in apps.values():
            await stack.enter_async_context(app.router.lifespan_context(app))
        client = httpx.AsyncClient(transport=SidecarTransport(apps), base_url="http://sidecar")
        await stack.enter_async_context(client)

        async def ready() -> bool | None:
            answers = [await client.get(f"/v1.0/invoke/{app}/method/readyz") for app in apps]
            return True if all(answer.is_success for answer in answers) else None

        await eventually(ready, "the services to be ready")
        yield client


REVIEW = AssignmentRequest(title="Review", assignee="alice@example.com")


async def test_an_assignment_is_made_and_released(sidecar: httpx.AsyncClient) -> None:
    client = AssignerClient(sidecar)
    made = await client.assign("task-1:assign", REVIEW)
    assert (made.member_id, made.status) == ("alice", AssignmentStatus.HELD)
    assert await client.assign("task-1:assign", REVIEW) == made
    await client.release("task-1:assign")
    await client.release("task-1:assign")


@pytest.mark.parametrize(
    ("request_", "type_"),
    [
        (AssignmentRequest(title="T", assignee="zoe"), ProblemType.UNKNOWN_MEMBER),
        (AssignmentRequest(title="T", assignee="emil"), ProblemType.MEMBER_AWAY),
        (AssignmentRequest(title="T", skills=["cobol"]), ProblemType.NO_MEMBER_AVAILABLE),
    ],
)
async def test_a_refusal_says_why(
    sidecar: httpx.AsyncClient, request_: AssignmentRequest, type_: ProblemType
) -> None:
    with pytest.raises(PeerRefused) as error:
        await AssignerClient(sidecar).assign("task-1:assign", request_)
    assert error.value.problem is not None
    assert error.value.problem.type is type_


async def test_a_store_that_is_down_is_an_outage(
    sidecar: httpx.AsyncClient, store: FailingStore
) -> None:
    store.down = True
    with pytest.raises(PeerUnreachable, match=r"^assigner unreachable: retry after 1 s, 503"):
        await AssignerClient(sidecar).assign("task-1:assign", REVIEW)
    store.down = False
    assert (await AssignerClient(sidecar).assign("task-1:assign", REVIEW)).member_id == "alice"


async def test_a_notification_is_delivered(sidecar: httpx.AsyncClient) -> None:
    request = NotificationRequest(recipient="ann", subject="S", body="B")
    sent = await NotifierClient(sidecar).notify("task-1:notify", request)
    assert sent.status is NotificationStatus.DELIVERED


async def test_an_undeliverable_notification_is_a_refusal(sidecar: httpx.AsyncClient) -> None:
    request = NotificationRequest(recipient="ann", subject="S", body="B", channel=ChannelName.EMAIL)
    with pytest.raises(PeerRefused) as error:
        await NotifierClient(sidecar).notify("task-1:notify", request)
    assert error.value.status == 422


async def test_a_sidecar_that_does_not_answer_is_an_outage() -> None:
    # Port 1 of the loopback has no listener.
    async with httpx.AsyncClient(base_url="http://127.0.0.1:1") as nowhere:
        with pytest.raises(PeerUnreachable, match=r"^assigner unreachable: ConnectError"):
            await AssignerClient(nowhere).release("task-1:assign")


NOT_REACHED = {"errorCode": "ERR_DIRECT_INVOKE", "message": "dial tcp: connection refused"}
DENIED = {"errorCode": "ERR_DIRECT_INVOKE", "message": "rpc error: code = PermissionDenied"}
BUG = {"type": "about:blank", "title": "Internal Server Error", "status": 500, "detail": "a bug"}


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        *((status, {}, PeerUnreachable) for status in (408, 425, 429, 502, 503, 504)),
        (500, NOT_REACHED, PeerUnreachable),
        (500, DENIED, PeerUnavailable),
        (500, BUG, PeerUnavailable),
        (500, {"errorCode": "ERR_OTHER"}, PeerUnavailable),
        (501, {}, PeerUnavailable),
        (302, {}, PeerUnavailable),
        *((status, {}, PeerRefused) for status in (400, 403, 404, 409, 410, 422)),
        (404, NOT_REACHED, PeerRefused),
    ],
)
async def test_an_outage_an_error_and_a_refusal_are_distinguished(
    status: int, body: dict[str, Any], error: type[Exception]
) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, json=body))
    async with httpx.AsyncClient(transport=transport, base_url="http://sidecar") as http:
        with pytest.raises(error) as raised:
            await AssignerClient(http).release("task-1:assign")
    assert type(raised.value) is error


@pytest.mark.parametrize("error", [httpx.ReadTimeout(""), httpx.RemoteProtocolError("closed")])
async def test_no_answer_is_an_outage(error: Exception) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    request = NotificationRequest(recipient="ann", subject="S", body="B")
    transport = httpx.MockTransport(fail)
    async with httpx.AsyncClient(transport=transport, base_url="http://sidecar") as http:
        with pytest.raises(PeerUnreachable, match=type(error).__name__):
            await NotifierClient(http).notify("task-1:notify", request)
