"""Deliveries of results that time out are repeated."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import grpc
import pytest

from orchestrator.dapr_sdk.result_delivery import MAX_ATTEMPTS, ResultDelivery

OK, LATE = grpc.StatusCode.OK, grpc.StatusCode.DEADLINE_EXCEEDED
SERVICE = "/TaskHubSidecarService"
REQUEST = object()


@dataclass
class FakeSidecar:
    """Answers with these codes, the last again and again."""

    codes: list[grpc.StatusCode]
    requests: list[object] = field(default_factory=list)

    def __call__(self, details: Any, request: object) -> Any:
        self.requests.append(request)
        code = self.codes[min(len(self.requests), len(self.codes)) - 1]
        return SimpleNamespace(code=lambda: code)


def deliver(sidecar: FakeSidecar, method: str = "CompleteActivityTask") -> grpc.StatusCode:
    details: Any = SimpleNamespace(method=f"{SERVICE}/{method}")
    code: grpc.StatusCode = ResultDelivery().intercept_unary_unary(sidecar, details, REQUEST).code()
    return code


@pytest.mark.parametrize("method", ["CompleteActivityTask", "CompleteOrchestratorTask"])
def test_a_delivery_that_times_out_is_repeated(method: str) -> None:
    sidecar = FakeSidecar([LATE, LATE, OK])
    assert deliver(sidecar, method) is OK
    assert sidecar.requests == [REQUEST] * 3


@pytest.mark.parametrize("code", [OK, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED])
def test_a_delivery_that_succeeds_or_loses_its_connection_is_not_repeated(
    code: grpc.StatusCode,
) -> None:
    sidecar = FakeSidecar([code])
    assert deliver(sidecar) is code
    assert sidecar.requests == [REQUEST]


def test_a_delivery_has_a_maximum_of_attempts() -> None:
    sidecar = FakeSidecar([LATE])
    assert deliver(sidecar) is LATE
    assert len(sidecar.requests) == MAX_ATTEMPTS


@pytest.mark.parametrize("method", ["Hello", "GetInstanceHistory"])
def test_a_call_that_delivers_no_result_is_not_repeated(method: str) -> None:
    sidecar = FakeSidecar([LATE])
    assert deliver(sidecar, method) is LATE
    assert sidecar.requests == [REQUEST]
