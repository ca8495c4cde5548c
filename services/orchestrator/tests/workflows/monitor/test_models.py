"""The validation of a request to monitor."""

from typing import Any

import pytest

from orchestrator.workflows.monitor.models import MonitorRequest

REQUEST = MonitorRequest(monitor_id="1", url="http://example.com/", notify="alice@example.com")


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "ftp://example.com/"},
        {"url": "http://"},
        {"url": "http://exa mple.com/"},
        {"url": "http://ex\x00mple.com/"},
        {"url": "http://" + "a" * 2000},
        {"interval_seconds": 0},
        {"retry_seconds": 0.5},
        {"interval_seconds": 86_401},
        {"notify": "a|b"},
        {"state": None},
        {"simulate": "fire"},
    ],
)
def test_a_malformed_request_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        MonitorRequest.model_validate({**REQUEST.model_dump(), **wrong})
