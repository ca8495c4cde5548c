"""The API token: routes require it, probes do not, and the OpenAPI document says so."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from contracts.problems import ProblemType
from servicekit.health import health_router
from servicekit.problems import install_problem_handlers
from servicekit.readiness import Readiness
from servicekit.tokens import require_token

TOKEN = "s3cret"  # noqa: S105 - of these tests alone


@pytest.fixture
def app() -> FastAPI:
    router = APIRouter(dependencies=[require_token(TOKEN)])

    @router.get("/secret")
    async def secret() -> str:
        return "content"

    app = FastAPI()
    install_problem_handlers(app)
    app.include_router(router)
    app.include_router(health_router(Readiness()))
    return app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        yield client


def header(token: bytes) -> dict[bytes, bytes]:
    return {b"dapr-api-token": token}


async def test_the_right_token_passes(client: httpx.AsyncClient) -> None:
    answer = await client.get("/secret", headers=header(TOKEN.encode()))
    assert (answer.status_code, answer.json()) == (200, "content")


@pytest.mark.parametrize("token", [None, b"", b"wrong", b"S3CRET", b"s3cret2", b"\xff"])
async def test_any_other_token_is_rejected(client: httpx.AsyncClient, token: bytes | None) -> None:
    answer = await client.get("/secret", headers=header(token) if token is not None else {})
    assert (answer.status_code, answer.json()["type"]) == (401, ProblemType.UNAUTHORIZED)
    assert TOKEN not in answer.text


async def test_probes_need_no_token(client: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/readyz"):
        assert (await client.get(path)).status_code == 200


async def test_the_openapi_document_names_the_header(app: FastAPI) -> None:
    document = app.openapi()
    [(name, scheme)] = document["components"]["securitySchemes"].items()
    assert (scheme["in"], scheme["name"]) == ("header", "dapr-api-token")
    assert document["paths"]["/secret"]["get"]["security"] == [{name: []}]
    assert "security" not in document["paths"]["/healthz"]["get"]
