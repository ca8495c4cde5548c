"""An instance as the index keeps it: small, because there can be very many."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from sys import intern
from typing import Any, NamedTuple

from pydantic import BaseModel

from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.schemas.instances import InstanceSummary
from orchestrator.schemas.workflows import TERMINAL, RuntimeStatus, Wait
from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.toolkit.definition import Definition, workflow_of
from orchestrator.toolkit.outage_wait import OUTAGE

# These keep an entry near 1 KB, whatever its workflow reports: docs/operating.md.
MAX_MESSAGE = 200
# A timer fires within that time, unless the scheduler is late.
PUNCTUAL = timedelta(seconds=5)
MAX_SEARCH = 500


class KnownWait(NamedTuple):
    """A wait as an entry keeps it: smaller than the model `Wait`."""

    id: str
    event: str
    since: datetime | None
    until: datetime | None
    assigned_to: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """What the index knows of an instance; `search` is the text that `q` is searched in."""

    instance_id: str
    workflow: str
    version: str | None
    status: RuntimeStatus
    parent: str | None
    step: str | None
    message: str | None
    waits: tuple[KnownWait, ...]
    created_at: datetime
    last_updated_at: datetime
    completed_at: datetime | None
    search: str
    outcome: str | None = None
    """The `status` in its result, once it COMPLETED with one."""
    torn: bool = False
    """Whether its stored state is incomplete; the rest is as it was read last."""
    wake_up_at: datetime | None = None
    """When its next timer or reminder is due, as far as that was read."""
    peer: str | None = None
    """Which peer is away that it tries again and again, unless it is paused."""

    @property
    def terminal(self) -> bool:
        """Whether the instance has ended, and will not change."""
        return self.status in TERMINAL

    def overdue(self, now: datetime) -> bool:
        """Return whether a deadline of a wait, a timer or a reminder has passed at `now`."""
        if self.terminal:
            return False
        if self.wake_up_at is not None and self.wake_up_at < now - PUNCTUAL:
            return True
        return any(wait.until is not None and wait.until < now for wait in self.waits)

    def summary(self, now: datetime) -> InstanceSummary:
        """Return the entry as the API shows it at `now`."""
        return InstanceSummary(
            instance_id=self.instance_id,
            workflow=self.workflow,
            version=self.version,
            status=self.status,
            outcome=self.outcome,
            parent=self.parent,
            step=self.step,
            message=self.message,
            waits=[Wait(**wait._asdict()) for wait in self.waits] if not self.terminal else [],
            overdue=self.overdue(now),
            torn=self.torn,
            created_at=self.created_at,
            last_updated_at=self.last_updated_at,
            completed_at=self.completed_at,
        )


def may_be_child(catalogue: Catalogue, state: InstanceState) -> bool:
    """Return whether an instance can have a parent: the catalogue's workflows are no children."""
    return catalogue.of_workflow(state.name) is None


def parent_of(history: Iterable[Any]) -> str | None:
    """Return the parent's id, which Dapr 1.18 has in the history only."""
    for event in history:
        if event.HasField("executionStarted"):
            return event.executionStarted.parentInstance.workflowInstance.instanceId or None
    return None


def entry_of(catalogue: Catalogue, state: InstanceState, parent: str | None = None) -> Entry:
    """Return the entry of an instance.

    Args:
        catalogue: The hosted workflows.
        state: Its state, with payloads.
        parent: The id of the parent, if it is a child.
    """
    definition = catalogue.of_workflow(state.name)
    progress, outcome = state.progress, state.outcome
    return Entry(
        instance_id=state.instance_id,
        workflow=intern(definition.name if definition else state.name),
        version=intern(state.version) if state.version else None,
        status=state.status,
        outcome=intern(outcome) if outcome else None,
        parent=parent,
        step=intern(progress.step) if progress else None,
        message=progress.message[:MAX_MESSAGE] if progress else None,
        waits=tuple(
            KnownWait(wait.id, intern(wait.event), wait.since, wait.until, wait.assigned_to)
            for wait in (progress.waits if progress else ())
        ),
        created_at=state.created_at,
        last_updated_at=state.last_updated_at,
        # Dapr 1.18 leaves its field empty; an instance is last updated when it ends.
        completed_at=state.last_updated_at if state.terminal else None,
        search=search_text(state.instance_id, definition, _json(state.input)),
        peer=_peer(state),
    )


def _peer(state: InstanceState) -> str | None:
    """Return which peer an instance waits for: those that do are children with that one task."""
    if state.name != OUTAGE or state.status is not RuntimeStatus.RUNNING or not state.progress:
        return None
    peer = state.progress.details.get("peer")
    return intern(peer) if isinstance(peer, str) else None


def started_entry(
    definition: Definition, request: BaseModel, now: datetime, instance_id: str | None = None
) -> Entry:
    """Return the entry of an instance that was started at `now`, to be used until it is read.

    Args:
        definition: Its workflow.
        request: Its input.
        now: The current time.
        instance_id: Its id where the system derives it; that of the request by default.
    """
    instance_id = instance_id or definition.instance_id(request)
    data = request.model_dump(mode="json")
    return _new_entry(instance_id, RuntimeStatus.RUNNING, definition, data, now)


def pending_entry(catalogue: Catalogue, instance_id: str, now: datetime) -> Entry:
    """Return the entry of an instance that has not begun at `now`: only its id is known."""
    definition = catalogue.named(workflow_of(instance_id))
    return _new_entry(instance_id, RuntimeStatus.PENDING, definition, None, now)


def _new_entry(
    instance_id: str, status: RuntimeStatus, definition: Definition | None, data: Any, now: datetime
) -> Entry:
    return Entry(
        instance_id=instance_id,
        workflow=definition.name if definition else "",
        version=definition.version if definition else None,
        status=status,
        parent=None,
        step=None,
        message=None,
        waits=(),
        created_at=now,
        last_updated_at=now,
        completed_at=None,
        search=search_text(instance_id, definition, data),
    )


def search_text(instance_id: str, definition: Definition | None, data: Any) -> str:
    """Return the text that `q` is searched in: id and search fields, case-folded."""
    fields = definition.search_fields if definition else ()
    found = (text for path in fields for text in _texts(data, path.split(".")))
    return " ".join((instance_id, *found)).casefold()[:MAX_SEARCH]


def _texts(data: Any, path: list[str]) -> Iterable[str]:
    """Yield the values at a path; of a list, those of each item."""
    if isinstance(data, list):
        for item in data:
            yield from _texts(item, path)
    elif path:
        if isinstance(data, Mapping):
            yield from _texts(data.get(path[0]), path[1:])
    elif isinstance(data, str | int | float):
        yield str(data)


def _json(serialized: str | None) -> Any:
    try:
        return json.loads(serialized) if serialized else None
    except ValueError:
        return None
