"""ASGI middleware that rejects a query parameter that is given twice and is no list.

A route would take one of the two values without a word, and the caller not know which.
"""

import re
from collections import Counter
from typing import Any
from urllib.parse import parse_qsl

from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from contracts.problems import FieldError, ProblemType
from servicekit.problems import problem_response


class QueryRules:
    """Answers 422 to a parameter that is repeated, unless the OpenAPI document has it as a list."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app
        self._paths: list[tuple[re.Pattern[str], dict[str, Any]]] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        repeated = _repeated(scope["query_string"]) if scope["type"] == "http" else []
        twice = [name for name in self._single(scope) if name in repeated] if repeated else []
        if not twice:
            await self._app(scope, receive, send)
            return
        errors = [FieldError(field=f"query.{name}", message="it is given twice") for name in twice]
        detail = "; ".join(f"{error.field}: {error.message}" for error in errors)
        await problem_response(ProblemType.VALIDATION, detail, errors=errors)(scope, receive, send)

    def _single(self, scope: Scope) -> list[str]:
        """Return the query parameters of the route that are no lists."""
        # Once: a filter by several values is an everyday request.
        if self._paths is None:
            documented = scope["app"].openapi()["paths"].items()
            self._paths = [(compile_path(path)[0], operations) for path, operations in documented]
        # By ASGI, the path begins with the prefix.
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        operations = next((found for pattern, found in self._paths if pattern.match(path)), {})
        return [
            parameter["name"]
            for parameter in operations.get(scope["method"].lower(), {}).get("parameters", [])
            if parameter["in"] == "query" and not _is_list(parameter["schema"])
        ]


def _repeated(query: bytes) -> list[str]:
    if b"&" not in query:
        return []
    counted = Counter(name for name, _ in parse_qsl(query.decode(), keep_blank_values=True))
    return [name for name, count in counted.items() if count > 1]


def _is_list(schema: dict[str, Any]) -> bool:
    return schema.get("type") == "array" or any(map(_is_list, schema.get("anyOf", [])))
