"""Events of a history, as the engine has them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.json_format import ParseDict

from orchestrator.dapr_sdk.private import protos

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def happened(seconds: float, event_id: int = -1, **event: Any) -> Any:
    """Return an event, `seconds` after the beginning, from its JSON form."""
    time = (BEGIN + timedelta(seconds=seconds)).isoformat()
    return ParseDict({"eventId": event_id, "timestamp": time, **event}, protos.HistoryEvent())
