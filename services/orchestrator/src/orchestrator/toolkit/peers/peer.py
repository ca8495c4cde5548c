"""Calls a peer by Dapr service invocation; a refusal is one error, an outage another."""

from typing import Any

import httpx
from opentelemetry import propagate
from pydantic import BaseModel, ValidationError

from contracts.problems import Problem
from orchestrator.metrics import PEER_CALLS

# Time-out and rate limit: not a judgement of the request.
TRANSIENT = frozenset({408, 425, 429})


class PeerUnavailable(Exception):
    """The peer did not answer, or answered that it cannot: to be retried."""


class PeerRefused(Exception):
    """The peer refused the request: a retry gives the same answer."""

    def __init__(self, status: int, problem: Problem | None, text: str) -> None:
        """Keep the peer's answer; `problem` is None where it was not problem details."""
        super().__init__(problem.detail if problem else text)
        self.status = status
        self.problem = problem


class Peer:
    """One service, by its app id."""

    def __init__(self, http: httpx.AsyncClient, app_id: str) -> None:
        """Call `app_id` over `http`, a client of the sidecar."""
        self._http = http
        self._app_id = app_id

    async def put(self, path: str, body: BaseModel) -> Any:
        """Put a resource and return the peer's JSON.

        Raises:
            PeerRefused: The peer refused the request (4xx).
            PeerUnavailable: The peer did not answer, or by 408, 425, 429 or 5xx.
        """
        content = body.model_dump_json()
        return (await self._send("PUT", path, content=content)).json()

    async def delete(self, path: str) -> None:
        """Delete a resource; raises what `put` does."""
        await self._send("DELETE", path)

    async def _send(self, method: str, path: str, content: str | None = None) -> httpx.Response:
        url = f"/v1.0/invoke/{self._app_id}/method/{path}"
        headers = {"content-type": "application/json"} if content is not None else {}
        # The SDK makes the activity's span current; the peer's spans are to be part of its trace.
        propagate.inject(headers)
        try:
            answer = await self._http.request(method, url, content=content, headers=headers)
        except httpx.HTTPError as error:
            self._count("unavailable")
            raise PeerUnavailable(f"{self._app_id}: {type(error).__name__} {error}") from error
        if answer.is_success:
            self._count("completed")
            return answer
        problem = _problem(answer)
        if answer.status_code in TRANSIENT or not answer.is_client_error:
            self._count("unavailable")
            detail = problem.detail if problem else answer.text
            raise PeerUnavailable(f"{self._app_id} answered {answer.status_code}: {detail}")
        self._count("refused")
        raise PeerRefused(answer.status_code, problem, answer.text)

    def _count(self, outcome: str) -> None:
        PEER_CALLS.add(1, {"peer": self._app_id, "outcome": outcome})


def _problem(answer: httpx.Response) -> Problem | None:
    try:
        return Problem.model_validate_json(answer.content)
    except ValidationError:
        # The sidecar's own errors have another form.
        return None
