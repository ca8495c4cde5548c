"""Entries of instances that wait, for tests of the inbox."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from orchestrator.inbox.listing import InboxItem
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.visibility.entry import Entry, KnownWait

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = START + timedelta(hours=1)
SOON, LATER = NOW + timedelta(minutes=1), NOW + timedelta(days=1)
LATE = NOW - timedelta(minutes=1)
PLAIN = Entry(
    instance_id="purchase-1",
    workflow="purchase",
    version=None,
    status=RuntimeStatus.RUNNING,
    parent=None,
    step="wait",
    message="Waiting for dana",
    waits=(),
    created_at=START,
    last_updated_at=START,
    completed_at=None,
    search="",
)

Name = tuple[str, str, str]


def wait(
    event: str,
    until: datetime | None = None,
    wait_id: str | None = None,
    assigned_to: str | None = None,
) -> KnownWait:
    return KnownWait(wait_id or f"{event}.1", event, START, until, assigned_to)


def purchase(name: str, until: datetime | None, assigned_to: str | None = None) -> Entry:
    waits = (wait("approval", until, assigned_to=assigned_to),)
    return replace(PLAIN, instance_id=f"purchase-{name}", waits=waits)


def tracked(name: str, until: datetime | None) -> Entry:
    """A task that ends by one of two events, with one wait for both."""
    waits = (wait("done", until, "end"), wait("cancel", until, "end"))
    return replace(PLAIN, instance_id=f"tracked-{name}", workflow="tracked", waits=waits)


def named(item: InboxItem) -> Name:
    return item.entry.instance_id, item.wait.id, item.event.name
