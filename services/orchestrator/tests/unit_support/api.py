"""The whole API over the parts that a test gives it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import fields
from typing import Any, NoReturn

import httpx
import pytest

from orchestrator.api.deps import Orchestrator
from orchestrator.main import create_app
from orchestrator.settings import Settings
from servicekit.readiness import Readiness
from unit_support.catalogue import CATALOGUE, settings_with


class Unused:
    """Stands for a part that a request must not reach."""

    def __getattr__(self, name: str) -> NoReturn:
        """Fail, for it is used."""
        pytest.fail(f"{name} was used")


@asynccontextmanager
async def api_over(**parts: object) -> AsyncIterator[httpx.AsyncClient]:
    """Yield a client of the API, with every hosted workflow and default settings.

    Args:
        parts: Fields of `Orchestrator`; the use of any other fails the test.
    """
    ready = asyncio.Event()

    async def open_(_: AsyncExitStack, settings: Settings, __: Readiness) -> Orchestrator:
        unused: dict[str, Any] = {field.name: Unused() for field in fields(Orchestrator)}
        given = {"settings": settings, "workflow_settings": settings_with(), **parts}
        ready.set()
        return Orchestrator(**unused | given)

    app = create_app(Settings(), CATALOGUE, open_)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://api") as client,
    ):
        await ready.wait()
        yield client
