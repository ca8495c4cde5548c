"""Operations on one instance: pause, resume, terminate, rerun, purge."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

import grpc
from dapr.ext.workflow import UNSET
from dapr.ext.workflow.aio import DaprWorkflowClient
from grpc.aio import AioRpcError
from pydantic import ValidationError

from contracts.problems import ProblemType
from orchestrator.dapr_sdk.errors import engine_errors, retry_torn_read, unavailable
from orchestrator.dapr_sdk.management import Management
from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.engine.client import Engine
from orchestrator.inspection.tombstones import RerunOf, Tombstones
from orchestrator.operations.allowed import ALLOWED, refusal
from orchestrator.operations.audit import Action, Audit
from orchestrator.schemas.operations import (
    Operation,
    OperationRequest,
    OperationResult,
    RerunRequest,
)
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.toolkit.lives import life_of
from servicekit.problems import ProblemError, invalid

# An operation reaches an instance by its inbox: it takes effect after the engine has answered.
EFFECT_TIMEOUT_SECONDS = 5.0
EFFECT_POLL_SECONDS = 0.05
# What the engine itself does to the children as well, where the call says so.
RECURSIVE = (Operation.TERMINATE, Operation.PURGE)


class Operations:
    """The operations on one instance; each is recorded in the audit trail, refused or not."""

    def __init__(
        self,
        catalogue: Catalogue,
        engine: Engine,
        client: DaprWorkflowClient,
        management: Management,
        audit: Audit,
        tombstones: Tombstones,
        refresh: Callable[[Sequence[str]], Awaitable[None]],
        admit: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare to operate.

        Args:
            catalogue: The hosted workflows.
            engine: Starts a rerun from the start.
            client: The SDK's client: terminates, purges and reruns from an event.
            management: Reads, pauses and resumes.
            audit: Where each operation is recorded.
            tombstones: Which instances were purged, and which are reruns.
            refresh: Updates these instances in the list.
            admit: Raises a problem where no new instance may be started now.
        """
        self._catalogue = catalogue
        self._refresh = refresh
        self._admit = admit
        self._engine = engine
        self._client = client
        self._management = management
        self._audit = audit
        self._tombstones = tombstones

    async def perform(
        self, operation: Operation, instance_id: str, request: OperationRequest
    ) -> OperationResult:
        """Pause, resume, terminate or purge an instance.

        Raises:
            ProblemError: There is no such instance (404), it was purged (410), its status does not
                allow the operation (409), or the engine does not answer (503).
        """
        action = Action(request.by, operation, instance_id, request.reason)
        async with self._audit.recording(action):
            state = await self._check(operation, instance_id)
            targets = [instance_id]
            if request.children:
                targets += await self._operable(operation, await self._descendants(instance_id))
            if operation is Operation.PURGE:
                # First, so that a crash in between leaves no purged instance without a tombstone.
                await self._tombstones.record_purge(instance_id, request.by, life_of(state.input))
                for child in targets[1:]:
                    # A child's id has the life of its parent in it.
                    await self._tombstones.record_purge(child, request.by)
            for target in targets[:1] if operation in RECURSIVE else targets:
                with engine_errors():
                    await retry_torn_read(partial(self._call, operation, target, request))
            action.details["instances"] = targets
            effects = [self._wait_for_effect(operation, target) for target in targets]
            status, *_ = await asyncio.gather(*effects)
            await self._refresh(targets)
            return OperationResult(operation=operation, instance_id=instance_id, status=status)

    async def rerun(self, instance_id: str, request: RerunRequest) -> OperationResult:
        """Run an instance again as a new one; repeating the request starts nothing more.

        Raises:
            ProblemError: As `perform`; the new input is not valid (422), the event is not one to
                rerun from (422), or the new id is in use (409).
        """
        action = Action(request.by, Operation.RERUN, instance_id, request.reason)
        async with self._audit.recording(action):
            state = await self._check(Operation.RERUN, instance_id)
            definition = self._catalogue.of_workflow(state.name)
            if definition is None:
                raise ProblemError(
                    ProblemType.WRONG_STATE, f"{instance_id} is a child workflow: rerun its parent"
                )
            data = None if request.input is None else json.dumps(request.input, sort_keys=True)
            new_id = f"{definition.name}-{request.new_id}"
            link = RerunOf(source=instance_id, from_event=request.from_event, input=data)
            if request.from_event is None:
                try:
                    given = request.input or definition.parse_input(state.input).model_dump()
                    named = {**given, definition.id_field: request.new_id}
                    again = definition.input.model_validate(named)
                except ValidationError as error:
                    raise invalid(error, "body", "input") from error
            if await self._tombstones.record_rerun(new_id, link) != link:
                raise ProblemError(
                    ProblemType.INSTANCE_EXISTS,
                    f"{new_id} is a rerun of another instance, step or input",
                )
            if request.from_event is None:
                await self._engine.start(definition, again)
            else:
                await self._rerun_from(instance_id, request.from_event, new_id, request.input)
            await self._refresh([new_id])
            action.details["new_instance_id"] = new_id
            return OperationResult(
                operation=Operation.RERUN,
                instance_id=instance_id,
                status=state.status,
                new_instance_id=new_id,
            )

    async def _rerun_from(
        self, instance_id: str, event_id: int, new_id: str, data: dict[str, Any] | None
    ) -> None:
        self._admit()
        try:
            await self._client.rerun_workflow_from_event(
                instance_id,
                event_id,
                new_instance_id=new_id,
                input=UNSET if data is None else data,
            )
        except ValueError as error:
            raise _invalid_step(event_id, error) from error
        except AioRpcError as error:
            if error.code() is grpc.StatusCode.ALREADY_EXISTS:
                return
            if error.code() in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT):
                raise _invalid_step(event_id, error.details()) from error
            raise unavailable(error) from error

    async def _check(self, operation: Operation, instance_id: str) -> InstanceState:
        state = await self._state(instance_id)
        if state is None:
            raise await self._tombstones.missing_problem(instance_id)
        if why := refusal(operation, state.status):
            raise ProblemError(ProblemType.WRONG_STATE, f"{instance_id}: {why}")
        return state

    async def _operable(self, operation: Operation, instance_ids: Sequence[str]) -> list[str]:
        """Return those whose status allows the operation; a purged one has no status."""
        # A child that was retried is in the history more than once.
        states = [(i, await self._state(i)) for i in dict.fromkeys(instance_ids)]
        return [i for i, state in states if state and state.status in ALLOWED[operation]]

    async def _call(self, operation: Operation, target: str, request: OperationRequest) -> None:
        match operation:
            case Operation.PAUSE:
                await self._management.pause_workflow(target, request.reason)
            case Operation.RESUME:
                await self._management.resume_workflow(target, request.reason)
            case Operation.TERMINATE:
                await self._client.terminate_workflow(
                    target, output={"reason": request.reason}, recursive=request.children
                )
            case Operation.PURGE:
                await self._client.purge_workflow(target, recursive=request.children)
            case Operation.RERUN:
                raise AssertionError("see Operations.rerun")

    async def _descendants(self, instance_id: str) -> list[str]:
        """Return the ids of the child workflows of an instance, and of theirs."""
        found: list[str] = []
        with engine_errors():
            history = await self._management.get_workflow_history(instance_id)
        for event in history:
            if event.HasField("childWorkflowInstanceCreated"):
                child = event.childWorkflowInstanceCreated.instanceId
                found += [child, *await self._descendants(child)]
        return found

    async def _wait_for_effect(
        self, operation: Operation, instance_id: str
    ) -> RuntimeStatus | None:
        """Return the status once the operation has taken effect, or what it is after 5 s."""
        # Not a shared retry helper: this one polls a status, and at its deadline returns the last.
        deadline = time.monotonic() + EFFECT_TIMEOUT_SECONDS
        while True:
            state = await self._state(instance_id)
            status = None if state is None else state.status
            if status not in ALLOWED[operation] or time.monotonic() > deadline:
                return status
            await asyncio.sleep(EFFECT_POLL_SECONDS)

    async def _state(self, instance_id: str) -> InstanceState | None:
        with engine_errors():
            return await self._management.get_workflow_state(instance_id, payloads=True)


def _invalid_step(event_id: int, why: object) -> ProblemError:
    return ProblemError(ProblemType.VALIDATION, f"Event {event_id} is not one to rerun from: {why}")
