"""Calls a peer by Dapr service invocation; a refusal, a failure and an outage are three errors."""

from typing import Any

import httpx
from opentelemetry import propagate
from pydantic import BaseModel, ValidationError

from contracts.problems import Problem
from orchestrator.metrics import PEER_CALLS
from orchestrator.toolkit.peer_errors import PeerUnavailable, PeerUnreachable
from orchestrator.toolkit.peers.answers import TRANSIENT, retry_after

# The sidecar's own error where no answer came from the peer, whatever kept it away.
NOT_INVOKED = "ERR_DIRECT_INVOKE"
# As gRPC names it, in the sidecar's text: the peer's access control list denies the call.
DENIED = "code = PermissionDenied"


class PeerRefused(Exception):
    """The peer refused the request: a retry gives the same answer."""

    def __init__(self, status: int, problem: Problem | None, text: str) -> None:
        """Keep the peer's answer; `problem` is None where it was not problem details."""
        super().__init__(problem.detail if problem else text)
        self.status = status
        self.problem = problem


class SidecarError(BaseModel):
    """An error of the sidecar itself, as it answers it."""

    errorCode: str  # noqa: N815 - the sidecar's name
    message: str = ""


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
            PeerUnreachable: The peer did not answer, or by 408, 425, 429, 502, 503 or 504.
            PeerUnavailable: The peer failed, by any other 5xx.
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
            detail = f"{type(error).__name__} {error}".rstrip()
            raise PeerUnreachable(self._app_id, detail) from error
        if answer.is_success:
            self._count("completed")
            return answer
        problem = _problem(answer)
        if answer.status_code in TRANSIENT or not answer.is_client_error:
            self._count("unavailable")
            detail = problem.detail if problem else answer.text
            if was_not_answered(answer):
                raise PeerUnreachable(
                    self._app_id, f"{answer.status_code} {detail}", retry_after(answer)
                )
            raise PeerUnavailable(f"{self._app_id} answered {answer.status_code}: {detail}")
        self._count("refused")
        raise PeerRefused(answer.status_code, problem, answer.text)

    def _count(self, outcome: str) -> None:
        PEER_CALLS.add(1, {"peer": self._app_id, "outcome": outcome})


def was_not_answered(answer: httpx.Response) -> bool:
    """Return whether an answer says that the peer cannot serve now, or was not reached."""
    if answer.status_code in TRANSIENT or not answer.is_server_error:
        return answer.status_code in TRANSIENT
    try:
        error = SidecarError.model_validate_json(answer.content)
    except ValidationError:
        # The peer's own errors have another form.
        return False
    return error.errorCode == NOT_INVOKED and DENIED not in error.message


def _problem(answer: httpx.Response) -> Problem | None:
    try:
        return Problem.model_validate_json(answer.content)
    except ValidationError:
        # The sidecar's own errors have another form.
        return None
