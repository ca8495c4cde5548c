"""Swagger UI and ReDoc come from the service; a browser shows them in tests/e2e."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI

from contracts.problems import ProblemType
from servicekit.docs_pages import ASSETS, docs_router
from servicekit.problems import install_problem_handlers

REFERENCE = re.compile(r'(?:src|href|data-document)="([^"]*)"')


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI(docs_url=None, redoc_url=None)
    install_problem_handlers(app)
    app.include_router(docs_router("Tasks <&> more"))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        yield client


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
async def test_a_page_asks_only_for_files_beside_it(client: httpx.AsyncClient, path: str) -> None:
    page = await client.get(path)
    assert page.headers["content-type"].startswith("text/html")
    assert "<title>Tasks &lt;&amp;&gt; more - " in page.text
    references = REFERENCE.findall(page.text)
    assert "openapi.json" in references
    for reference in references:
        # Relative, and so below the prefix of a proxy, too.
        assert re.match(r"[a-z]", reference)
        assert "//" not in reference
        answer = await client.get(f"/{reference}")
        assert answer.status_code == 200
        assert len(answer.content) > 50
    # No script of the page itself, which its policy does not allow.
    assert re.findall(r"<script(?! src=)", page.text) == []
    policy = page.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "http" not in policy


async def test_a_file_has_its_type_and_may_be_cached(client: httpx.AsyncClient) -> None:
    for name, (_, media_type) in ASSETS.items():
        answer = await client.get(f"/docs/{name}")
        assert answer.headers["content-type"].startswith(media_type)
        assert answer.headers["cache-control"] == "max-age=3600"


@pytest.mark.parametrize("name", ["x.js", "..", "%2e%2e%2fapp.py", "swagger-init.js%00"])
async def test_there_are_no_other_files(client: httpx.AsyncClient, name: str) -> None:
    answer = await client.get(f"/docs/{name}")
    assert answer.status_code == 404
    assert answer.json()["type"] == ProblemType.NOT_FOUND
