"""Every error answer is problem details (RFC 9457), with a stable type."""

from collections.abc import Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from contracts.problems import MEDIA_TYPE, PROBLEM_KINDS, FieldError, Problem, ProblemType
from servicekit.state import StoreUnavailable
from servicekit.tracing import trace_id

log = structlog.get_logger(__name__)


class ProblemError(Exception):
    """A request that ends with a problem instead of its answer."""

    def __init__(
        self,
        type_: ProblemType,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        retry_after: int | None = None,
    ) -> None:
        """Make a problem.

        Args:
            type_: What kind of problem it is; the HTTP status follows from it.
            detail: What happened, for a person.
            errors: The fields at fault.
            retry_after: Seconds after which trying again makes sense; for 503 only.
        """
        super().__init__(detail)
        self.type = type_
        self.detail = detail
        self.errors = list(errors)
        self.retry_after = retry_after


def problem_response(
    type_: ProblemType,
    detail: str,
    *,
    errors: Sequence[FieldError] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    """Return a problem as an HTTP answer."""
    kind = PROBLEM_KINDS[type_]
    problem = Problem(
        type=type_,
        title=kind.title,
        status=kind.status,
        trace_id=trace_id(),
        detail=detail,
        errors=list(errors),
    )
    return Response(problem.model_dump_json(exclude_none=True), kind.status, headers, MEDIA_TYPE)


def problem_responses(*types: ProblemType) -> dict[int | str, dict[str, Any]]:
    """Return what a route's `responses` says about the problems that it may answer with."""
    by_status: dict[int | str, list[str]] = {}
    for type_ in types:
        kind = PROBLEM_KINDS[type_]
        by_status.setdefault(kind.status, []).append(f"{kind.title} (`{type_}`)")
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": "; ".join(titles), "content": {MEDIA_TYPE: {"schema": schema}}}
        for status, titles in by_status.items()
    }


# What any route may answer, whatever it does.
COMMON_PROBLEMS = (
    ProblemType.BAD_REQUEST,
    ProblemType.PAYLOAD_TOO_LARGE,
    ProblemType.VALIDATION,
    ProblemType.INTERNAL,
    ProblemType.UNAVAILABLE,
)


def install_problem_handlers(app: FastAPI) -> None:
    """Turn every exception that reaches FastAPI into problem details."""

    @app.exception_handler(ProblemError)
    async def on_problem(_: Request, error: ProblemError) -> Response:
        headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
        return problem_response(error.type, error.detail, errors=error.errors, headers=headers)

    @app.exception_handler(StoreUnavailable)
    async def on_store_unavailable(_: Request, error: StoreUnavailable) -> Response:
        log.warning("store unavailable", error=str(error))
        return problem_response(
            ProblemType.UNAVAILABLE,
            "The state store does not answer; nothing is lost, try again",
            headers={"Retry-After": "1"},
        )

    @app.exception_handler(RequestValidationError)
    async def on_invalid(_: Request, error: RequestValidationError) -> Response:
        errors = [
            FieldError(field=".".join(str(part) for part in e["loc"]), message=e["msg"])
            for e in error.errors()
        ]
        detail = "; ".join(f"{e.field}: {e.message}" for e in errors)
        return problem_response(ProblemType.VALIDATION, detail, errors=errors)

    @app.exception_handler(HTTPException)
    async def on_http_error(request: Request, error: HTTPException) -> Response:
        types = {
            404: ProblemType.NOT_FOUND,
            405: ProblemType.METHOD_NOT_ALLOWED,
            413: ProblemType.PAYLOAD_TOO_LARGE,
        }
        type_ = types.get(error.status_code, ProblemType.BAD_REQUEST)
        detail = f"{request.method} {request.url.path}: {error.detail}"
        return problem_response(type_, detail, headers=dict(error.headers or {}))

    # Starlette raises the exception again after this answer, so that the server logs it once.
    @app.exception_handler(Exception)
    async def on_bug(_: Request, __: Exception) -> Response:
        return problem_response(
            ProblemType.INTERNAL, "The error was logged; trying again is safe, but may not help"
        )
