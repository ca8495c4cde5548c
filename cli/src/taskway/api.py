"""A client of the orchestrator's public API, the only API that the commands call."""

import json
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from taskway.connection import open_client
from taskway.errors import CommandError, NotFound, Unavailable

TIMEOUT_SECONDS = 60.0
LARGEST_PAGE = 200


class Api:
    """A connection to one orchestrator.

    Args:
        url: The base URL of the orchestrator.
        transport: What carries the requests; tests substitute it.
        headers: What is sent with each request.

    Raises:
        CommandError: The URL is invalid, or a variable of the environment that it needs is.
    """

    def __init__(
        self,
        url: str,
        transport: httpx.BaseTransport | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.url = url
        self._transport = transport
        self._http = open_client(url, TIMEOUT_SECONDS, transport)
        self._http.headers.update(headers or {})

    def at(self, url: str, headers: Mapping[str, str] | None = None) -> "Api":
        """Return a connection to another service, carried as this one is."""
        return Api(url, self._transport, headers)

    def __enter__(self) -> Self:
        """Open the connection."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection."""
        self._http.close()

    def get(self, path: str, **params: Any) -> Any:
        """Get a resource; empty parameters are left out."""
        return self._call("GET", path, params=_without_empty(params))

    def find(self, path: str, **params: Any) -> Any:
        """Get a resource; None where there is none."""
        try:
            return self.get(path, **params)
        except NotFound:
            return None

    def post(
        self,
        path: str,
        body: Any,
        timeout: float = TIMEOUT_SECONDS,
        idempotency_key: str | None = None,
        **params: Any,
    ) -> Any:
        """Post a body and return the response.

        Args:
            path: The path.
            body: The body, as JSON.
            timeout: Seconds in which the response must arrive.
            idempotency_key: With which the same request may be sent again.
            params: Those of the query.
        """
        request = _json(body)
        if idempotency_key is not None:
            request["headers"]["Idempotency-Key"] = idempotency_key
        params = _without_empty(params)
        return self._call("POST", path, **request, timeout=timeout, params=params)

    def put(self, path: str, body: Any, **params: Any) -> Any:
        """Put a body and return the response."""
        return self._call("PUT", path, **_json(body), params=_without_empty(params))

    def delete(self, path: str, **params: Any) -> Any:
        """Delete a resource."""
        return self._call("DELETE", path, params=_without_empty(params))

    def list_items(
        self, path: str, token: str, limit: int, **params: Any
    ) -> tuple[list[dict[str, Any]], bool]:
        """Return up to `limit` items of a list, read page by page, and whether it is complete.

        Args:
            path: The path of the list.
            token: The parameter for the next page: `cursor` or `before`.
            limit: Items, at most.
            params: The list's own parameters.
        """
        items: list[dict[str, Any]] = []
        after = None
        while True:
            wanted = min(limit - len(items), LARGEST_PAGE)
            page = self.get(path, **params, **{token: after}, limit=wanted)
            items += page["items"]
            after = page["next"]
            if after is None or len(items) >= limit:
                return items[:limit], page.get("index", {}).get("complete", True)

    def stream(self, path: str) -> Iterator[dict[str, Any]]:
        """Yield the data of server-sent events until the server ends."""
        for line in self.lines(path):
            if line.startswith("data:"):
                yield json.loads(line.removeprefix("data:"))

    def lines(self, path: str) -> Iterator[str]:
        """Yield the lines of an answer as they come, until the server ends."""
        try:
            with self._http.stream("GET", path, timeout=None) as answer:
                if not answer.is_success:
                    answer.read()
                    raise _refusal(answer)
                yield from answer.iter_lines()
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    def _call(self, method: str, path: str, **options: Any) -> Any:
        try:
            answer = self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error
        if not answer.is_success:
            raise _refusal(answer)
        try:
            return answer.json() if answer.content else None
        except ValueError as error:
            raise CommandError(f"What answers at {self.url} is not Taskway") from error

    def _unreachable(self, error: httpx.HTTPError) -> Unavailable:
        reason = f"{type(error).__name__}: {error}".removesuffix(": ")
        return Unavailable(
            f"No answer from {self.url} ({reason}). Is it running (`make run`, "
            "`tilt up`), and is that its URL? Set another with --url or TASKWAY_URL."
        )


def url_path(*parts: str) -> str:
    """Return the path of these segments, each percent-encoded."""
    return "".join(f"/{quote(part, safe='')}" for part in parts)


def _json(body: Any) -> dict[str, Any]:
    """Return the options of a request with a body.

    Raises:
        CommandError: It has a value that JSON does not have, such as half a surrogate pair.
    """
    try:
        text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        content = text.encode()
    except ValueError as error:
        raise CommandError(f"This cannot be sent as JSON: {error}") from error
    return {"content": content, "headers": {"content-type": "application/json"}}


def _without_empty(params: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value not in (None, [], ())}


def _refusal(answer: httpx.Response) -> CommandError:
    kinds: dict[int, type[CommandError]] = {404: NotFound, 503: Unavailable}
    return kinds.get(answer.status_code, CommandError)(_format_error(answer))


def _format_error(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
        return f"{answer.status_code} {problem['title']}: {problem['detail']}"
    except (ValueError, KeyError, TypeError):
        return f"{answer.status_code} {answer.reason_phrase}: {answer.text[:500]}"
