"""Sends the result of a turn or a step again that the sidecar did not take in time.

The SDK 1.19 gives a result up after 30 s, and counts on the sidecar to hand the work out again. It
does so only when the worker's connection ends. Where the sidecar stood still for longer, and goes
on, both would wait for ever. A result that comes twice is taken once. Goes when the SDK does it.
"""

from collections.abc import Callable
from typing import Any

import grpc
import structlog

log = structlog.get_logger(__name__)

RESULTS = ("/CompleteActivityTask", "/CompleteOrchestratorTask")
# Ten minutes: whoever runs a sidecar has started it anew by then, which ends the connection.
TRIES = 20


class ResultDelivery(grpc.UnaryUnaryClientInterceptor):
    """Repeats what timed out, of the worker's calls that deliver results."""

    def intercept_unary_unary(
        self,
        continuation: Callable[[grpc.ClientCallDetails, Any], Any],
        client_call_details: grpc.ClientCallDetails,
        request: Any,
    ) -> Any:
        """Return the outcome of a call, or of the last of its repetitions.

        Args:
            continuation: Makes the call.
            client_call_details: Which call; its deadline holds for each repetition.
            request: What is sent.
        """
        call = continuation(client_call_details, request)
        if not client_call_details.method.endswith(RESULTS):
            return call
        for _ in range(TRIES - 1):
            if call.code() is not grpc.StatusCode.DEADLINE_EXCEEDED:
                break
            log.warning("the sidecar did not take a result in time: sending it again")
            call = continuation(client_call_details, request)
        return call
