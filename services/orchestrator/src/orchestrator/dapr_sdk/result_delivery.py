"""Repeats the delivery of a turn's or an activity's result that the sidecar did not take in time.

The SDK 1.19 gives a result up after 30 s, and relies on the sidecar to dispatch the work again. It
does so only when the worker's connection ends. Where the sidecar was suspended for longer, and
continues, both would wait forever. What the sidecar had taken after all is dispatched no more, or
its next turn is: late_results.py then keeps the repetition back. Goes when the SDK does it.
"""

from collections.abc import Callable
from typing import Any

import grpc
import structlog

from orchestrator.dapr_sdk.late_results import RESULTS

log = structlog.get_logger(__name__)

# Ten minutes: a sidecar that hangs for longer is restarted, which ends the connection.
MAX_ATTEMPTS = 20


class ResultDelivery(grpc.UnaryUnaryClientInterceptor):
    """Repeats the worker's calls that deliver results, where they time out."""

    def intercept_unary_unary(
        self,
        continuation: Callable[[grpc.ClientCallDetails, Any], Any],
        client_call_details: grpc.ClientCallDetails,
        request: Any,
    ) -> Any:
        """Return the outcome of a call, or of the last of its repetitions.

        Args:
            continuation: Makes the call.
            client_call_details: Which call; its deadline counts for each repetition.
            request: The message.
        """
        call = continuation(client_call_details, request)
        if not client_call_details.method.endswith(RESULTS):
            return call
        # Not a shared retry helper: a call of gRPC has a code instead of raising an error.
        for _ in range(MAX_ATTEMPTS - 1):
            if call.code() is not grpc.StatusCode.DEADLINE_EXCEEDED:
                break
            log.warning("delivery of a result timed out: repeating it")
            call = continuation(client_call_details, request)
        return call
