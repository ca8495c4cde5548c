"""Bulk operations: one operation on many instances, after a dry run that counts them."""

import asyncio
from hashlib import sha256

from contracts.problems import ProblemType
from orchestrator.operations.allowed import ALLOWED
from orchestrator.operations.audit import DONE, Action, Audit
from orchestrator.operations.service import Operations
from orchestrator.schemas.operations import (
    BulkItem,
    BulkRequest,
    BulkResult,
    Operation,
    OperationRequest,
    RerunRequest,
)
from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.visibility.entry import Entry
from orchestrator.visibility.index import InstanceIndex
from servicekit.problems import ProblemError
from servicekit.state import StoreUnavailable

# The most instances of one call, which answers when all are done.
MAX_INSTANCES = 500
CONCURRENCY = 8


class BulkOperations:
    """One operation on every instance that a filter matches."""

    def __init__(
        self, catalogue: Catalogue, index: InstanceIndex, operations: Operations, audit: Audit
    ) -> None:
        """Prepare to operate.

        Args:
            catalogue: The hosted workflows.
            index: Finds the instances.
            operations: Operates on each.
            audit: Where the bulk operation is recorded, besides each operation of it.
        """
        self._catalogue = catalogue
        self._index = index
        self._operations = operations
        self._audit = audit

    async def perform(self, request: BulkRequest) -> BulkResult:
        """Return what would be done; with the right count, and digest if given, do it.

        An operation that is refused does not stop the others.

        Raises:
            ProblemError: The count or the instances are not as confirmed (409): nothing was done.
        """
        # A rerun leaves its source as it was, which matches again: those that have theirs come
        # last, or no call would get beyond the first 500. They are repeated where there is room,
        # for the answer to the call that started them may be lost.
        found = sorted(
            await self._targets(request),
            key=lambda e: (self._is_rerun(request, e), e.created_at, e.instance_id),
        )
        targets = found[:MAX_INSTANCES]
        remaining = sum(not self._is_rerun(request, entry) for entry in found[MAX_INSTANCES:])
        if request.confirm is None:
            return self._result(request, remaining, targets, None)
        action = Action(request.by, f"batch.{request.operation}", "instances", request.reason)
        async with self._audit.recording(action):
            if request.confirm != len(targets):
                raise ProblemError(
                    ProblemType.WRONG_STATE,
                    f"{len(targets)} instances match now, and {request.confirm} were confirmed",
                )
            if request.confirm_digest not in (None, _digest(request, targets)):
                raise ProblemError(
                    ProblemType.WRONG_STATE, "Other instances match now than those confirmed"
                )
            gate = asyncio.Semaphore(CONCURRENCY)

            async def one(entry: Entry) -> BulkItem:
                async with gate:
                    return await self._one(request, entry)

            results = await asyncio.gather(*(one(entry) for entry in targets))
            action.details["filter"] = request.filter.model_dump(mode="json", exclude_defaults=True)
            action.details["done"] = sum(item.result == DONE for item in results)
            action.details["refused"] = len(results) - action.details["done"]
            return self._result(request, remaining, targets, results)

    async def _targets(self, request: BulkRequest) -> list[Entry]:
        allowed = ALLOWED[request.operation]
        rerun = request.operation is Operation.RERUN
        return [
            entry
            async for part in self._index.scan(request.filter)
            for entry in part
            if entry.status in allowed and not (rerun and self._is_child(entry))
        ]

    def _is_child(self, entry: Entry) -> bool:
        """Return whether it is a child: without a definition, and rerun with its parent only."""
        return self._catalogue.named(entry.workflow) is None

    def _is_rerun(self, request: BulkRequest, entry: Entry) -> bool:
        """Return whether the instance that a rerun would start is there already."""
        return (
            request.operation is Operation.RERUN
            and self._index.get(f"{entry.instance_id}-{request.suffix}") is not None
        )

    async def _one(self, request: BulkRequest, entry: Entry) -> BulkItem:
        new_id = None
        try:
            if request.operation is Operation.RERUN:
                result = await self._operations.rerun(entry.instance_id, _rerun(request, entry))
                new_id = result.new_instance_id
            else:
                alone = OperationRequest(
                    reason=request.reason, by=request.by, children=request.children
                )
                await self._operations.perform(request.operation, entry.instance_id, alone)
        except ProblemError as problem:
            return BulkItem(
                instance_id=entry.instance_id, result=problem.type, detail=problem.detail
            )
        except StoreUnavailable as error:
            return BulkItem(
                instance_id=entry.instance_id, result=ProblemType.UNAVAILABLE, detail=str(error)
            )
        return BulkItem(instance_id=entry.instance_id, result=DONE, new_instance_id=new_id)

    def _result(
        self,
        request: BulkRequest,
        remaining: int,
        targets: list[Entry],
        results: list[BulkItem] | None,
    ) -> BulkResult:
        return BulkResult(
            operation=request.operation,
            dry_run=results is None,
            count=len(targets),
            digest=_digest(request, targets),
            remaining=remaining,
            instance_ids=[entry.instance_id for entry in targets],
            results=results or [],
            index=self._index.state(),
        )


def _digest(request: BulkRequest, targets: list[Entry]) -> str:
    names = "\n".join([request.operation, *sorted(entry.instance_id for entry in targets)])
    return sha256(names.encode()).hexdigest()[:32]


def _rerun(request: BulkRequest, entry: Entry) -> RerunRequest:
    old_id = entry.instance_id.removeprefix(f"{entry.workflow}-")
    # RequestId checks how long it may be.
    try:
        return RerunRequest(
            reason=request.reason, by=request.by, new_id=f"{old_id}-{request.suffix}"
        )
    except ValueError as error:
        raise ProblemError(
            ProblemType.VALIDATION, f"{old_id}-{request.suffix} is not a valid id: {error}"
        ) from error
