"""A result that the sidecar did not take in time is sent again."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import grpc
import pytest

from orchestrator.dapr_sdk.result_delivery import TRIES, ResultDelivery

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
def test_it_is_sent_until_it_is_taken(method: str) -> None:
    sidecar = FakeSidecar([LATE, LATE, OK])
    assert deliver(sidecar, method) is OK
    assert sidecar.requests == [REQUEST] * 3


@pytest.mark.parametrize("code", [OK, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED])
def test_it_is_sent_once_where_it_was_taken_or_the_connection_has_ended(
    code: grpc.StatusCode,
) -> None:
    sidecar = FakeSidecar([code])
    assert deliver(sidecar) is code
    assert sidecar.requests == [REQUEST]


def test_it_is_given_up_in_the_end() -> None:
    sidecar = FakeSidecar([LATE])
    assert deliver(sidecar) is LATE
    assert len(sidecar.requests) == TRIES


@pytest.mark.parametrize("method", ["Hello", "GetInstanceHistory"])
def test_what_is_no_result_is_asked_once(method: str) -> None:
    sidecar = FakeSidecar([LATE])
    assert deliver(sidecar, method) is LATE
    assert sidecar.requests == [REQUEST]
