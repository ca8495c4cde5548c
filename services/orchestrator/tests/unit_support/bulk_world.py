"""Bulk operations over instances that are only listed, and what was done to which."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from contracts.problems import ProblemType
from orchestrator.operations.audit import Audit
from orchestrator.operations.bulk import BulkOperations
from orchestrator.schemas.operations import (
    AuditEntry,
    BulkRequest,
    BulkResult,
    Operation,
    OperationRequest,
    OperationResult,
    RerunRequest,
)
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.visibility.change_feed import ChangeFeed
from orchestrator.visibility.entry import Entry
from orchestrator.visibility.index import InstanceIndex
from servicekit.problems import ProblemError
from servicekit.testing import MemoryStateStore
from unit_support.catalogue import CATALOGUE

RUNNING = RuntimeStatus.RUNNING
START = datetime(2026, 1, 1, tzinfo=UTC)
REFUSED = ProblemError(ProblemType.WRONG_STATE, "it has ended meanwhile")


def entry(name: str, status: RuntimeStatus = RuntimeStatus.RUNNING, age: int = 0) -> Entry:
    """Return a task that is so many seconds old."""
    created = START - timedelta(seconds=age)
    return Entry(
        instance_id=f"task-{name}",
        workflow="task",
        version=None,
        status=status,
        parent=None,
        step=None,
        message=None,
        waits=(),
        created_at=created,
        last_updated_at=created,
        completed_at=None,
        search="",
    )


class FakeOperations:
    """Keeps what was done to which instance, and refuses some."""

    def __init__(self) -> None:
        self.done: list[tuple[Operation, str, OperationRequest]] = []
        self.refusing: dict[str, Exception] = {}
        self.in_flight = 0
        self.most_in_flight = 0

    async def perform(
        self, operation: Operation, instance_id: str, request: OperationRequest
    ) -> OperationResult:
        await self._do(operation, instance_id, request)
        return OperationResult(operation=operation, instance_id=instance_id, status=None)

    async def rerun(self, instance_id: str, request: RerunRequest) -> OperationResult:
        await self._do(Operation.RERUN, instance_id, request)
        return OperationResult(
            operation=Operation.RERUN,
            instance_id=instance_id,
            status=None,
            new_instance_id=f"task-{request.new_id}",
        )

    async def _do(self, operation: Operation, instance_id: str, request: OperationRequest) -> None:
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        await asyncio.sleep(0)
        self.in_flight -= 1
        if error := self.refusing.get(instance_id):
            raise error
        self.done.append((operation, instance_id, request))


class World:
    """Bulk operations over some instances."""

    def __init__(self, *entries: Entry) -> None:
        self.operations = FakeOperations()
        self.audit = Audit(MemoryStateStore())
        index = InstanceIndex(ChangeFeed())
        for one in entries:
            index.put(one)
        self.index = index
        self.bulk = BulkOperations(CATALOGUE, index, self.operations, self.audit)  # type: ignore[arg-type]

    async def perform(
        self, operation: Operation = Operation.PAUSE, confirm: int | None = None, **more: Any
    ) -> BulkResult:
        defaults = {"reason": "because", "by": "olga", "filter": {}}
        request = defaults | {"operation": operation, "confirm": confirm} | more
        return await self.bulk.perform(BulkRequest.model_validate(request))

    async def trail(self) -> list[AuditEntry]:
        return (await self.audit.page(None, 10)).items

    def ids_done(self) -> list[str]:
        return [instance_id for _, instance_id, _ in self.operations.done]
