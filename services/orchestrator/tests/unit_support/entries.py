"""Entries of the index, for tests of what lists and filters them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.visibility.change_feed import ChangeFeed
from orchestrator.visibility.entry import Entry, KnownWait
from orchestrator.visibility.index import InstanceIndex

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = START + timedelta(hours=1)


def entry(instance_id: str = "order-1", **fields: object) -> Entry:
    plain = Entry(
        instance_id=instance_id,
        workflow="order",
        version=None,
        status=RuntimeStatus.RUNNING,
        parent=None,
        step=None,
        message=None,
        waits=(),
        created_at=START,
        last_updated_at=START,
        completed_at=None,
        search=f"{instance_id} ada@example.com blue chair",
    )
    return replace(plain, **fields)  # type: ignore[arg-type]


def wait(event: str, until: datetime | None = None) -> KnownWait:
    return KnownWait(id=f"{event}.1", event=event, since=NOW, until=until, assigned_to=None)


OVERDUE = entry("late", waits=(wait("approval", NOW - timedelta(seconds=1)),))
IN_TIME = entry("soon", waits=(wait("approval", NOW + timedelta(seconds=1)), wait("cancel")))
ENDED = replace(
    OVERDUE,
    instance_id="ended",
    status=RuntimeStatus.COMPLETED,
    outcome="failed",
    search="ended",
)
CHILD = entry(
    "late-child-1", workflow="task", parent="late", search="late-child-1 straße".casefold()
)


def index_of(*known: Entry) -> InstanceIndex:
    index = InstanceIndex(ChangeFeed())
    for one in known:
        index.put(one)
    return index
