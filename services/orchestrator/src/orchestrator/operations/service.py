"""Operations on one instance: pause, resume, terminate, purge, rerun."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import structlog
from dapr.ext.workflow.aio import DaprWorkflowClient

from contracts.problems import ProblemType
from orchestrator.dapr_sdk.errors import engine_errors, retry_torn_read
from orchestrator.dapr_sdk.management import Management
from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.engine.start_records import StartRecords
from orchestrator.operations.allowed import ALLOWED, refusal
from orchestrator.operations.audit import Action, Audit
from orchestrator.operations.effects import wait_for_effect
from orchestrator.operations.instances import Instances
from orchestrator.operations.purge import Purge
from orchestrator.operations.rerun import Reruns
from orchestrator.schemas.operations import (
    Operation,
    OperationRequest,
    OperationResult,
    RerunRequest,
)
from orchestrator.schemas.workflows import RuntimeStatus
from servicekit.problems import ProblemError

log = structlog.get_logger(__name__)


class Operations:
    """The operations on one instance; each is recorded in the audit trail, refused or not."""

    def __init__(
        self,
        client: DaprWorkflowClient,
        management: Management,
        audit: Audit,
        starts: StartRecords,
        reruns: Reruns,
        purge: Purge,
        refresh: Callable[[Sequence[str]], Awaitable[None]],
    ) -> None:
        """Prepare to operate.

        Args:
            client: The SDK's client: terminates.
            management: Reads, pauses and resumes.
            audit: Where each operation is recorded.
            starts: What was started and purged.
            reruns: Reruns.
            purge: Purges.
            refresh: Updates these instances in the list.
        """
        self._refresh = refresh
        self._client = client
        self._management = management
        self._instances = Instances(management)
        self._audit = audit
        self._starts = starts
        self._reruns = reruns
        self._purge = purge

    async def perform(
        self, operation: Operation, instance_id: str, request: OperationRequest
    ) -> OperationResult:
        """Pause, resume, terminate or purge an instance; a repeat succeeds as the first did.

        Raises:
            ProblemError: There is no such instance (404), it was purged (410), its status does not
                allow the operation (409), or the engine does not answer, or the operation has no
                effect in time (503).
        """
        state = await self._instances.state(instance_id)
        missing = None if state else await self._missing(operation, instance_id)
        action = Action(request.by, operation, instance_id, request.reason)
        async with self._audit.recording(action):
            if state is None:
                if operation is not Operation.PURGE and missing is not None:
                    raise missing
                return _result(operation, instance_id, None)
            if why := refusal(operation, state.status):
                raise ProblemError(ProblemType.WRONG_STATE, f"{instance_id}: {why}")
            if operation is Operation.PURGE:
                targets = await self._purge.purge(state, request)
                status = None
            else:
                targets, status = await self._change(operation, state, request)
            action.details["instances"] = targets
            await self._refresh(targets)
            return _result(operation, instance_id, status)

    async def rerun(self, instance_id: str, request: RerunRequest) -> OperationResult:
        """Run an instance again as a new one; repeating the request starts nothing more.

        Raises:
            ProblemError: As `perform`; or what `Reruns.rerun` raises.
        """
        state = await self._instances.state(instance_id)
        missing = None if state else await self._missing(Operation.RERUN, instance_id)
        action = Action(request.by, Operation.RERUN, instance_id, request.reason)
        async with self._audit.recording(action):
            result = await self._reruns.rerun(instance_id, state, missing, request)
            await self._refresh([result.new_instance_id] if result.new_instance_id else [])
            action.details["new_instance_id"] = result.new_instance_id
            return result

    async def _missing(self, operation: Operation, instance_id: str) -> ProblemError:
        """Return the problem that an instance is gone.

        Raises:
            ProblemError: There never was one (404); of that, the audit trail has no entry.
        """
        problem = await self._starts.missing_problem(instance_id)
        if problem.type is not ProblemType.INSTANCE_GONE:
            log.info("operation on an unknown instance", operation=operation, target=instance_id)
            raise problem
        return problem

    async def _change(
        self, operation: Operation, state: InstanceState, request: OperationRequest
    ) -> tuple[list[str], RuntimeStatus | None]:
        """Pause, resume or terminate; return what was changed, and the instance's status."""
        allowed = ALLOWED[operation]
        possible = state.status in allowed
        # The engine itself terminates the children of what it terminates.
        recursive = operation is Operation.TERMINATE and request.children and possible
        below = await self._below(state, request) if recursive else []
        status: RuntimeStatus | None = state.status
        if possible:
            await self._call(operation, state.instance_id, request)
            status = await self._effect(operation, state.instance_id, request)
        if not recursive:
            # Only now: no child begins any more, and one that ends does not let its parent go on.
            below = await self._below(state, request)
        targets = [one.instance_id for one in below if one.status in allowed]
        for target in [] if recursive else targets:
            await self._call(operation, target, request)
        await self._effects(operation, targets, request)
        mine = [state.instance_id] if possible or not targets else []
        return mine + targets, status

    async def _below(self, state: InstanceState, request: OperationRequest) -> list[InstanceState]:
        """Return the children that an operation includes: a step that is tried on is its own."""
        if request.children:
            return await self._instances.descendants(state.instance_id)
        return await self._instances.steps(state.instance_id)

    async def _effects(
        self, operation: Operation, targets: Sequence[str], request: OperationRequest
    ) -> None:
        """Wait for the effect on children, of which one may have ended by itself meanwhile."""
        statuses = await asyncio.gather(
            *(self._effect(operation, target, request) for target in targets),
            return_exceptions=True,
        )
        for status in statuses:
            ended = isinstance(status, ProblemError) and status.type is ProblemType.WRONG_STATE
            if isinstance(status, BaseException) and not ended:
                raise status

    async def _effect(
        self, operation: Operation, target: str, request: OperationRequest
    ) -> RuntimeStatus | None:
        async def again(status: RuntimeStatus) -> None:
            await self._call(Operation.TERMINATE, target, request)
            if status is RuntimeStatus.SUSPENDED:
                # After the terminate: what was kept while it is paused ends it then.
                await self._call(Operation.RESUME, target, request)

        asked_again = again if operation is Operation.TERMINATE else None
        return await wait_for_effect(self._instances, operation, target, asked_again)

    async def _call(self, operation: Operation, target: str, request: OperationRequest) -> None:
        with engine_errors():
            await retry_torn_read(partial(self._ask, operation, target, request))

    async def _ask(self, operation: Operation, target: str, request: OperationRequest) -> None:
        match operation:
            case Operation.PAUSE:
                await self._management.pause_workflow(target, request.reason)
            case Operation.RESUME:
                await self._management.resume_workflow(target, request.reason)
            case Operation.TERMINATE:
                await self._client.terminate_workflow(
                    target, output={"reason": request.reason}, recursive=request.children
                )
            case _:
                raise AssertionError(f"{operation} is not asked of the engine in this way")


def _result(
    operation: Operation, instance_id: str, status: RuntimeStatus | None
) -> OperationResult:
    return OperationResult(operation=operation, instance_id=instance_id, status=status)
