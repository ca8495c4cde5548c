"""Keeps what a history says of a failure short: it is read again at every turn of an instance.

The SDK puts the traceback of every failed attempt into the history, and its message whatever its
length: some 1.7 KB an attempt, of the 4 MiB that a history may have. The traceback is in the log.
"""

from collections.abc import Callable
from typing import Any

import grpc
import structlog

log = structlog.get_logger(__name__)

# With the other events of an attempt about 1 KB: docs/changing-a-workflow.md does the arithmetic.
MAX_MESSAGE_BYTES = 512
TRUNCATED = "… (cut)"


class ShortFailures(grpc.UnaryUnaryClientInterceptor):
    """Shortens the failures in the worker's calls that deliver results."""

    def intercept_unary_unary(
        self,
        continuation: Callable[[grpc.ClientCallDetails, Any], Any],
        client_call_details: grpc.ClientCallDetails,
        request: Any,
    ) -> Any:
        """Make a call, with the failure of an activity or of a workflow in it shortened.

        Args:
            continuation: Makes the call.
            client_call_details: Which call.
            request: The message.
        """
        method = client_call_details.method
        if method.endswith("/CompleteActivityTask") and request.HasField("failureDetails"):
            shorten(request.failureDetails)
        elif method.endswith("/CompleteOrchestratorTask"):
            for action in request.actions:
                if action.completeWorkflow.HasField("failureDetails"):
                    _log(request.instanceId, action.completeWorkflow.failureDetails)
                    shorten(action.completeWorkflow.failureDetails)
        return continuation(client_call_details, request)


def shorten(details: Any) -> None:
    """Leave the type of a failure, and at most 512 bytes of its message.

    Args:
        details: The SDK's message `TaskFailureDetails`, which is changed.
    """
    details.ClearField("stackTrace")
    details.errorMessage = _first_bytes(details.errorMessage)
    if details.HasField("innerFailure"):
        details.ClearField("innerFailure")


def _log(instance_id: str, details: Any) -> None:
    # An activity's is logged where it runs. The message may quote a request, and is not.
    stack = details.stackTrace.value
    log.warning("workflow failed", instance=instance_id, error=details.errorType, stack=stack)


def _first_bytes(text: str) -> str:
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= MAX_MESSAGE_BYTES:
        return text
    kept = encoded[: MAX_MESSAGE_BYTES - len(TRUNCATED.encode())]
    # A character of several bytes at the end may be incomplete.
    return kept.decode("utf-8", "ignore") + TRUNCATED
