"""ASGI middleware that answers a repeated request with an Idempotency-Key as the first time.

The header is that of https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/,
with or without its quotes. Requests that change something may carry it; others ignore it.
"""

import hashlib
import re
from collections.abc import Callable
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.problems import ProblemType
from servicekit.idempotency import IdempotencyKeys, KeptAnswer
from servicekit.problems import RETRY_SOON, ProblemError, problem_response, problem_responses
from servicekit.request_body import read_body, replay
from servicekit.state import StoreUnavailable

HEADER = "idempotency-key"
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
KEY = re.compile(r"[\x21-\x7e]{1,200}")
# Another caller's answer is nobody else's.
CREDENTIALS = ("authorization", "dapr-api-token")
KEPT_HEADERS = ("content-type", "location")
# The answer to the same request may be another one soon, by what is outside of the request.
NOT_KEPT = frozenset({401, 403, 408, 421, 429})

PARAMETER: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]*$"},
    "description": "Of your choice, another one for each request: a repeat with the same key is "
    "answered as the first was",
}


class IdempotentRequests:
    """Keeps the answers of requests that carry a key, but for those that say: try again."""

    def __init__(self, app: ASGIApp, keys: Callable[[], IdempotencyKeys]) -> None:
        """Wrap an application.

        Args:
            app: The application.
            keys: Returns the keys, or raises a problem where the service is not open yet.
        """
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        given = [] if scope["type"] != "http" else Headers(scope=scope).getlist(HEADER)
        if not given or scope["method"] not in UNSAFE or not _has_route(scope):
            await self._app(scope, receive, send)
            return
        key = _parse(given)
        if key is None:
            answer = problem_response(
                ProblemType.BAD_REQUEST, "Idempotency-Key must be 1 to 200 visible characters"
            )
            await answer(scope, receive, send)
            return
        body = await read_body(receive)
        if body is not None:
            await self._handle(key, body, scope, receive, send)

    async def _handle(
        self, key: str, body: bytes, scope: Scope, receive: Receive, send: Send
    ) -> None:
        try:
            keys = self._keys()
            kept = await keys.begin(key, _fingerprint(scope, body))
        except ProblemError as error:
            headers = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
            await problem_response(error.type, error.detail, headers=headers)(scope, receive, send)
            return
        except StoreUnavailable as error:
            await problem_response(
                ProblemType.UNAVAILABLE,
                f"The state store does not respond ({error}); nothing was done, retry",
                headers=RETRY_SOON,
            )(scope, receive, send)
            return
        if kept is not None:
            headers = {**kept.headers, "Idempotency-Replayed": "true"}
            await Response(kept.content(), kept.status, headers)(scope, receive, send)
            return
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        try:
            await self._app(scope, replay(body, receive), keep)
        except Exception:
            await keys.release(key)
            raise
        except BaseException:
            # It is given up: what it changed, or may yet, is for the repeat to find.
            keys.abandon(key)
            raise
        # Before it is sent: whoever has had an answer gets it again.
        if (answer := _kept(messages)) is None:
            await keys.release(key)
        else:
            await keys.answer(key, answer)
        for message in messages:
            await send(message)


def document_idempotency_key(openapi: dict[str, Any]) -> None:
    """Add the header to each operation of an OpenAPI document that changes something."""
    conflict = problem_responses(ProblemType.REQUEST_IN_PROGRESS)
    for operations in openapi["paths"].values():
        for method, operation in operations.items():
            if method.upper() not in UNSAFE:
                continue
            known = operation.setdefault("parameters", [])
            if all(parameter["name"].lower() != HEADER for parameter in known):
                known.append(PARAMETER)
            for status, described in conflict.items():
                operation["responses"].setdefault(str(status), described)


def _has_route(scope: Scope) -> bool:
    """Return whether a route handles the request: others are answered 404 or 405, whatever key."""
    return any(route.matches(scope)[0] is Match.FULL for route in scope["app"].routes)


def _parse(given: list[str]) -> str | None:
    if len(given) > 1:
        return None
    [key] = given
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    return key if KEY.fullmatch(key) else None


def _fingerprint(scope: Scope, body: bytes) -> str:
    headers = Headers(scope=scope)
    parts = [
        scope["method"].encode(),
        scope["path"].encode(),
        scope["query_string"],
        *(headers.get(name, "").encode() for name in CREDENTIALS),
        body,
    ]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def _kept(messages: list[Message]) -> KeptAnswer | None:
    if not messages or messages[0]["type"] != "http.response.start":
        return None
    status = messages[0]["status"]
    if status >= 500 or status in NOT_KEPT:
        return None
    headers = Headers(raw=messages[0]["headers"])
    body = b"".join(message.get("body", b"") for message in messages[1:])
    kept = {name: headers[name] for name in KEPT_HEADERS if name in headers}
    return KeptAnswer.of(status, kept, body)
