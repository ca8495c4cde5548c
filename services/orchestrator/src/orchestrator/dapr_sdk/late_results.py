"""Keeps back the results of turns and activities that the sidecar has dispatched again since.

Dapr 1.18.2 matches a result with what waits for it by the instance's id alone (an activity's by
its task's id as well), and has no completion tokens, though its protocol does. When the sidecar
cancels a turn and dispatches it again, which it does whenever the application's streams change,
the worker executes both. The sidecar takes the first result for the second dispatch, and the
second result for the instance's next turn: the same activity is then scheduled twice in the
history, and the instance waits for it forever. So each dispatch of a turn gets a token here.

An activity's result is sent for each dispatch of the same call. The sidecar answers OK as well to
the result of a dispatch that it has cancelled, and drops it: a later dispatch waits for its own.

The stream of a worker that has just connected is such a change itself: what it is given at once is
mostly dispatched again within milliseconds, and read later where the machine is busy. So no turn's
result is sent in the first second of a stream. Goes when Dapr fills the tokens in.
"""

import time
from collections.abc import Callable, Iterator
from itertools import count
from threading import Lock
from typing import Any, NamedTuple

import grpc
import structlog

from orchestrator.dapr_sdk.private import protos

log = structlog.get_logger(__name__)

WORK_ITEMS = "/GetWorkItems"
TURN_RESULT = "/CompleteOrchestratorTask"
RESULTS = ("/CompleteActivityTask", TURN_RESULT)
SETTLE_SECONDS = 1.0


class LateResults(grpc.UnaryStreamClientInterceptor, grpc.UnaryUnaryClientInterceptor):
    """Marks what a worker's stream receives, and sends the results of the latest alone."""

    def __init__(self, settle_seconds: float = SETTLE_SECONDS) -> None:
        """Prepare for one worker.

        Args:
            settle_seconds: How old a stream must be for the result of a turn to be sent.
        """
        self._settle_seconds = settle_seconds
        self._settled_at = 0.0
        self._lock = Lock()
        self._numbers = count(1)
        self._awaited: dict[str, _Awaited] = {}

    @property
    def awaited(self) -> int:
        """How many turns and calls of activities have dispatches whose result was not delivered."""
        with self._lock:
            return len(self._awaited)

    def intercept_unary_stream(
        self,
        continuation: Callable[[grpc.ClientCallDetails, Any], Any],
        client_call_details: grpc.ClientCallDetails,
        request: Any,
    ) -> Any:
        """Return the stream of a call, whose work items are marked as they arrive.

        Args:
            continuation: Makes the call.
            client_call_details: Which call.
            request: The message.
        """
        stream = continuation(client_call_details, request)
        if not client_call_details.method.endswith(WORK_ITEMS):
            return stream
        with self._lock:
            # The sidecar dispatches again what an earlier stream had not finished.
            self._awaited.clear()
            self._settled_at = time.monotonic() + self._settle_seconds
        return _WorkItems(stream, self._received)

    def intercept_unary_unary(
        self,
        continuation: Callable[[grpc.ClientCallDetails, Any], Any],
        client_call_details: grpc.ClientCallDetails,
        request: Any,
    ) -> Any:
        """Return the outcome of a call; a late result is not sent, and counts as delivered.

        Args:
            continuation: Makes the call.
            client_call_details: Which call.
            request: The message.
        """
        if not client_call_details.method.endswith(RESULTS):
            return continuation(client_call_details, request)
        key, token = _key(request), request.completionToken
        unsettled = self._settled_at - time.monotonic()
        if unsettled > 0 and client_call_details.method.endswith(TURN_RESULT):
            # In a thread of the worker's pool.
            time.sleep(unsettled)
        with self._lock:
            awaited = self._awaited.get(key)
        if awaited is None or awaited.token != token:
            log.info(
                "a result that is no longer awaited was kept back", instance=request.instanceId
            )
            return _KeptBack()
        call = continuation(client_call_details, request)
        if call.code() is grpc.StatusCode.OK:
            self._delivered(key, token)
        return call

    def _received(self, item: Any) -> None:
        match item.WhichOneof("request"):
            case "workflowRequest":
                key, token = item.workflowRequest.instanceId, str(next(self._numbers))
            case "activityRequest":
                request = item.activityRequest
                key = f"{request.workflowInstance.instanceId}/{request.taskId}"
                token = request.taskExecutionId
            case _:
                return
        item.completionToken = token
        with self._lock:
            awaited = self._awaited.get(key)
            earlier = awaited.dispatches if awaited and awaited.token == token else 0
            self._awaited[key] = _Awaited(token, earlier + 1)

    def _delivered(self, key: str, token: str) -> None:
        with self._lock:
            awaited = self._awaited.get(key)
            if awaited is None or awaited.token != token:
                return
            if awaited.dispatches == 1:
                del self._awaited[key]
            else:
                self._awaited[key] = _Awaited(token, awaited.dispatches - 1)


class _Awaited(NamedTuple):
    """What the sidecar has dispatched last under a key, and how often."""

    token: str
    dispatches: int


class _WorkItems:
    """A stream that shows each work item to `received` before it returns it."""

    def __init__(self, stream: Any, received: Callable[[Any], None]) -> None:
        self._stream = stream
        self._received = received

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        item = next(self._stream)
        self._received(item)
        return item

    def __getattr__(self, name: str) -> Any:
        """Return what a call of gRPC has besides its items: its code, its cancellation."""
        return getattr(self._stream, name)


class _KeptBack:
    """The outcome of a call that was not made."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.OK

    def result(self) -> Any:
        return protos.CompleteTaskResponse()


def _key(result: Any) -> str:
    """Return what the sidecar matches a result by."""
    if isinstance(result, protos.ActivityResponse):
        return f"{result.instanceId}/{result.taskId}"
    return str(result.instanceId)
