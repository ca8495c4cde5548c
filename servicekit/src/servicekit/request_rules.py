"""ASGI middleware that rejects what no route should have to look at: media types, codings, text.

It reads a body once, checks it as JSON, and hands it on: what `dict[str, Any]` accepts in a model
is then as harmless as what a model checks field by field.
"""

import re
from urllib.parse import unquote_to_bytes

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from contracts.problems import FieldError, ProblemType
from servicekit.json_rules import JsonRefused, parse_json
from servicekit.problems import problem_response
from servicekit.request_body import read_body, replay

JSON_TYPE = re.compile(r"application/(?:[a-z0-9!#$&^_.-]+\+)?json")


class RequestRules:
    """Answers 415 to a body that is not plain JSON, and 422 to JSON or a query that is refused."""

    def __init__(self, app: ASGIApp, max_depth: int) -> None:
        """Wrap an application; `max_depth` is how deep the JSON that it receives may be nested."""
        self._app = app
        self._max_depth = max_depth

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        refusal = _query_refusal(scope["query_string"])
        if refusal is None and _has_body(headers):
            body = await read_body(receive)
            if body is None:
                return
            refusal = self._body_refusal(headers, body)
            receive = replay(body, receive)
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await refusal(scope, receive, send)

    def _body_refusal(self, headers: Headers, body: bytes) -> Response | None:
        coding = headers.get("content-encoding", "identity").strip().lower()
        if coding != "identity":
            # RFC 9110, 15.5.16: the answer says which codings would have been accepted.
            return problem_response(
                ProblemType.UNSUPPORTED_MEDIA_TYPE,
                "Send the body without a Content-Encoding",
                headers={"Accept-Encoding": "identity"},
            )
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        if JSON_TYPE.fullmatch(media_type) is None:
            return problem_response(
                ProblemType.UNSUPPORTED_MEDIA_TYPE,
                "Send the body as JSON, with the Content-Type application/json",
                headers={"Accept": "application/json"},
            )
        if not body:
            return None
        try:
            parse_json(body, self._max_depth)
        except JsonRefused as error:
            return _invalid(".".join(["body", *map(str, error.path)]), str(error))
        return None


def _has_body(headers: Headers) -> bool:
    # RFC 9112, 6.3: a request without either has none.
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _query_refusal(query: bytes) -> Response | None:
    if not query.isascii():
        return _invalid("query", "it is not percent-encoded")
    if b"%" not in query:
        return None
    try:
        # Which excludes surrogates.
        text = unquote_to_bytes(query).decode()
    except UnicodeDecodeError:
        return _invalid("query", "it is not valid UTF-8")
    # No id, name or word to search for has it.
    return _invalid("query", "it contains U+0000") if "\0" in text else None


def _invalid(field: str, message: str) -> Response:
    error = FieldError(field=field, message=message)
    return problem_response(ProblemType.VALIDATION, f"{field}: {message}", errors=[error])
