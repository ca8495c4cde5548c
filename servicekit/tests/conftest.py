from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from dapr.conf import settings as dapr_settings
from fake_sidecar import FakeSidecar, running
from http_service import client_of

from servicekit.settings import ServiceSettings


@pytest.fixture
def sidecar(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSidecar]:
    fake = FakeSidecar()
    with running(fake):
        # The SDK's client asks for the sidecar's health when it is made.
        monkeypatch.setattr(dapr_settings, "DAPR_HTTP_PORT", fake.http_port)
        yield fake


@pytest.fixture
def sidecar_settings(sidecar: FakeSidecar) -> ServiceSettings:
    return ServiceSettings(dapr_http_port=sidecar.http_port, dapr_grpc_port=sidecar.grpc_port)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of() as client:
        yield client
