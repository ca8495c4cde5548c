"""Builds the FastAPI application that every service starts from."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import cache
from importlib.metadata import version
from typing import Any, TypeVar

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi

from contracts.problems import Problem, ProblemType
from servicekit.docs_pages import docs_router
from servicekit.health import health_router
from servicekit.http_rules import install_http_rules
from servicekit.idempotency import IdempotencyKeys
from servicekit.idempotent_requests import IdempotentRequests, document_idempotency_key
from servicekit.metrics import metrics_router
from servicekit.problems import COMMON_PROBLEMS, install_problem_handlers, problem_responses
from servicekit.readiness import Readiness
from servicekit.settings import ServiceSettings
from servicekit.startup import Startup
from servicekit.state import StateStore
from servicekit.tokens import require_token
from servicekit.tracing import trace_requests

Settings = TypeVar("Settings", bound=ServiceSettings)
Opened = TypeVar("Opened")

Opener = Callable[[AsyncExitStack, Settings, Readiness], Awaitable[Opened]]
"""Opens what a service's routes use.

It registers resources to close on the exit stack, and readiness checks on the readiness.
"""


def build_app(
    *,
    title: str,
    description: str,
    tags: Sequence[dict[str, str]],
    settings: Settings,
    open_: Opener[Settings, Opened],
    routers: Sequence[APIRouter],
    answers_in: Callable[[Opened], StateStore] | None = None,
) -> FastAPI:
    """Return an application with health routes, problem details, limits and an OpenAPI document.

    Args:
        title: The service's name in Swagger UI.
        description: What the service is for, as Markdown.
        tags: The sections of Swagger UI, in order, with a description each.
        settings: The service's settings.
        open_: Opens what the routes use; it runs in the background, so that the port opens at once.
        routers: The service's own routes, which take what `open_` returned by the dependency
            `opened`.
        answers_in: Returns the store of the answers to requests with an Idempotency-Key, from what
            `open_` returned; without it the header is ignored.
    """
    readiness = Readiness()
    startup: Startup[Opened] = Startup(lambda stack: open_(stack, settings, readiness), readiness)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with startup:
            yield

    app = FastAPI(
        title=title,
        description=description,
        version=version("taskway-servicekit"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_tags=[*tags, {"name": "health", "description": "Probes and metrics"}],
        # A redirect of a trailing slash would show the address behind the sidecar: answer 404.
        redirect_slashes=False,
    )
    app.state.readiness = readiness
    app.state.startup = startup
    trace_requests(app)
    install_problem_handlers(app)
    if answers_in is not None:
        # The innermost, for what the rules refuse is not begun.
        app.add_middleware(IdempotentRequests, keys=_keys(startup, answers_in, settings))
    install_http_rules(app, settings)
    problems, checks = problem_responses(*COMMON_PROBLEMS), []
    if settings.app_api_token is not None:
        problems |= problem_responses(ProblemType.UNAUTHORIZED)
        checks.append(require_token(settings.app_api_token))
    for router in routers:
        app.include_router(router, responses=problems, dependencies=checks)
    app.include_router(health_router(readiness))
    app.include_router(metrics_router())
    app.include_router(docs_router(title))

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title,
                version=app.version,
                description=app.description,
                routes=app.routes,
                tags=app.openapi_tags,
            )
            _add_not_found(schema)
            problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas = schema.setdefault("components", {}).setdefault("schemas", {})
            schemas |= problem.pop("$defs", {})
            schemas["Problem"] = problem
            if answers_in is not None:
                document_idempotency_key(schema)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
    return app


def _keys(
    startup: Startup[Opened],
    answers_in: Callable[[Opened], StateStore],
    settings: ServiceSettings,
) -> Callable[[], IdempotencyKeys]:
    @cache
    def keys() -> IdempotencyKeys:
        return IdempotencyKeys(
            answers_in(startup.value()),
            kept=timedelta(hours=settings.idempotency_key_hours),
            handled_within=timedelta(seconds=settings.request_timeout_seconds),
        )

    return keys


def _add_not_found(schema: dict[str, Any]) -> None:
    """Say of each route with a name in its path that there may be nothing of that name."""
    not_found = {str(k): v for k, v in problem_responses(ProblemType.NOT_FOUND).items()}
    for operations in schema["paths"].values():
        for operation in operations.values():
            if any(part["in"] == "path" for part in operation.get("parameters", ())):
                operation["responses"] = not_found | operation["responses"]
