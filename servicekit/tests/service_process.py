"""A service of its own process, which serves on the port of its first argument."""

import sys
from contextlib import AsyncExitStack

from fastapi import APIRouter
from opentelemetry import metrics

from servicekit.app import build_app
from servicekit.readiness import Readiness
from servicekit.server import serve
from servicekit.settings import ServiceSettings

router = APIRouter()


@router.put("/observe/{seconds}")
async def observe(seconds: float) -> None:
    histogram = metrics.get_meter("test").create_histogram("taskway.test.duration", unit="s")
    histogram.record(seconds)


@router.get("/bug")
async def bug() -> None:
    raise RuntimeError("on purpose")


async def open_(_: AsyncExitStack, __: ServiceSettings, ___: Readiness) -> str:
    return "open"


if __name__ == "__main__":
    settings = ServiceSettings(app_port=int(sys.argv[1]))
    app = build_app(
        title="T", description="", tags=[], settings=settings, open_=open_, routers=[router]
    )
    serve("example", app, settings)
