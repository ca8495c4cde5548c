"""Error answers as problem details (RFC 9457) with a stable type."""

from collections.abc import Sequence
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from contracts.problems import MEDIA_TYPE, PROBLEM_KINDS, FieldError, Problem, ProblemType
from servicekit.problem_texts import bounded_errors, field_errors, truncate
from servicekit.state import StoreUnavailable
from servicekit.tracing import trace_id

log = structlog.get_logger(__name__)

RETRY_SOON = {"Retry-After": "1"}
"""The header of an answer that says to try again: in seconds."""
# Together with the rest of a problem, less than 4 KiB.
MAX_DETAIL_BYTES, MAX_ERRORS_BYTES = 1_500, 2_000


class ProblemError(Exception):
    """Ends a request with a problem as its answer."""

    def __init__(
        self,
        type_: ProblemType,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        retry_after: int | None = None,
    ) -> None:
        """Create a problem.

        Args:
            type_: The problem's type, which determines the HTTP status and the title.
            detail: What happened, for a person to read; truncated to 1,500 bytes.
            errors: The invalid fields.
            retry_after: Seconds until a retry makes sense; for 429 and 503 only.
        """
        # Not only in the answer: the audit trail keeps it, too.
        self.detail = truncate(detail, MAX_DETAIL_BYTES)
        super().__init__(self.detail)
        self.type = type_
        self.errors = list(errors)
        self.retry_after = retry_after


def invalid(error: ValidationError, *place: str) -> ProblemError:
    """Return the problem (422) for a value of a request that does not match its model.

    Args:
        error: The error of the validation.
        place: Where in the request the value is, such as `body`, `input`.
    """
    errors, detail = field_errors(error.errors(), *place)
    return ProblemError(ProblemType.VALIDATION, detail, errors=errors)


def problem_response(
    type_: ProblemType,
    detail: str,
    *,
    errors: Sequence[FieldError] = (),
    headers: dict[str, str] | None = None,
    request_id: str | None = None,
) -> Response:
    """Return a problem as an HTTP response, of less than 4 KiB whatever the request was.

    Args:
        type_: The problem's type, which determines the HTTP status and the title.
        detail: What happened, for a person to read.
        errors: The invalid fields.
        headers: Headers of the answer.
        request_id: What the log has of the request, where it has no trace.
    """
    kind = PROBLEM_KINDS[type_]
    problem = Problem(
        type=type_,
        title=kind.title,
        status=kind.status,
        trace_id=trace_id(),
        request_id=request_id,
        detail=truncate(detail, MAX_DETAIL_BYTES),
        errors=bounded_errors(errors, MAX_ERRORS_BYTES),
    )
    return Response(problem.model_dump_json(exclude_none=True), kind.status, headers, MEDIA_TYPE)


def problem_responses(*types: ProblemType) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI `responses` of a route for the problems that it may answer with."""
    by_status: dict[int | str, list[str]] = {}
    for type_ in types:
        kind = PROBLEM_KINDS[type_]
        by_status.setdefault(kind.status, []).append(f"{kind.title} (`{type_}`)")
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": "; ".join(titles), "content": {MEDIA_TYPE: {"schema": schema}}}
        for status, titles in by_status.items()
    }


# What any route may answer.
COMMON_PROBLEMS = (
    ProblemType.BAD_REQUEST,
    ProblemType.CROSS_ORIGIN,
    ProblemType.PAYLOAD_TOO_LARGE,
    ProblemType.UNSUPPORTED_MEDIA_TYPE,
    ProblemType.MISDIRECTED,
    ProblemType.VALIDATION,
    ProblemType.INTERNAL,
    ProblemType.UNAVAILABLE,
)


def install_problem_handlers(app: FastAPI) -> None:
    """Turn the exceptions that routes raise on purpose into problem details.

    Those that none expects are UnhandledErrors'.
    """

    @app.exception_handler(ProblemError)
    async def on_problem(_: Request, error: ProblemError) -> Response:
        headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
        return problem_response(error.type, error.detail, errors=error.errors, headers=headers)

    @app.exception_handler(StoreUnavailable)
    async def on_store_unavailable(_: Request, error: StoreUnavailable) -> Response:
        log.warning("store unavailable", error=str(error))
        return problem_response(
            ProblemType.UNAVAILABLE,
            "The state store does not respond; nothing is lost, retry",
            headers=RETRY_SOON,
        )

    @app.exception_handler(RequestValidationError)
    async def on_invalid(_: Request, error: RequestValidationError) -> Response:
        errors, detail = field_errors(error.errors())
        # Where a name is none that a resource can have, there is no such resource.
        in_path = any(e["loc"][0] == "path" for e in error.errors())
        type_ = ProblemType.NOT_FOUND if in_path else ProblemType.VALIDATION
        return problem_response(type_, detail, errors=errors)

    @app.exception_handler(HTTPException)
    async def on_http_error(request: Request, error: HTTPException) -> Response:
        types = {
            404: ProblemType.NOT_FOUND,
            405: ProblemType.METHOD_NOT_ALLOWED,
            413: ProblemType.PAYLOAD_TOO_LARGE,
            415: ProblemType.UNSUPPORTED_MEDIA_TYPE,
        }
        type_ = types.get(error.status_code, ProblemType.BAD_REQUEST)
        detail = f"{request.method} {request.url.path}: {error.detail}"
        return problem_response(type_, detail, headers=dict(error.headers or {}))
