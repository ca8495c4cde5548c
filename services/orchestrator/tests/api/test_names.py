"""What cannot be a name of anything is not found, in every path of the API."""

import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from unit_support.api import api_over

from servicekit.stream_slots import StreamSlots

ODD = ["a||b", "a\x00b", "a\nb", "x" * 400, "\U0001f389", "a/b", "%", "a b", "-a", "%2F", "a\u200b"]


@pytest.fixture(scope="module")
async def api() -> AsyncIterator[httpx.AsyncClient]:
    """The API with nothing but the settings behind its routes, and room for streams."""
    async with api_over(streams=StreamSlots(1)) as client:
        yield client


async def routes(api: httpx.AsyncClient) -> list[tuple[str, str]]:
    paths: dict[str, Any] = (await api.get("/openapi.json")).json()["paths"]
    return [(method, path) for path, methods in paths.items() if "{" in path for method in methods]


@pytest.mark.parametrize("odd", ODD, ids=ascii)
async def test_an_odd_name_is_not_found(api: httpx.AsyncClient, odd: str) -> None:
    found = await routes(api)
    assert len(found) > 30
    for method, path in found:
        address = re.sub(r"{\w+}", quote(odd, safe=""), path)
        query = {"reason": "because", "by": "olga"}
        answer = await api.request(method, address, params=query, json={})
        if answer.status_code == 405:
            # What its '/' makes of it is a path of another route.
            assert "/" in odd, (method, address)
            continue
        assert answer.status_code == 404, (method, address, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
