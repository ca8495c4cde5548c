"""Reruns an instance as a new one, from its start or from one of its steps."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import grpc
from dapr.ext.workflow import UNSET
from dapr.ext.workflow.aio import DaprWorkflowClient
from grpc.aio import AioRpcError
from pydantic import BaseModel, ValidationError

from contracts.problems import PROBLEM_KINDS, ProblemType
from orchestrator.dapr_sdk.errors import unavailable
from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.engine.client import Engine
from orchestrator.inspection.rerun_links import RerunLink, RerunLinks
from orchestrator.operations.allowed import refusal
from orchestrator.operations.instances import Instances
from orchestrator.operations.rerun_input import check_step
from orchestrator.schemas.operations import Operation, OperationResult, RerunRequest
from orchestrator.telemetry.execution_info import execution_info_of
from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.toolkit.definition import Definition, workflow_of
from servicekit.problems import ProblemError, invalid


class Reruns:
    """Reruns instances; the same request again starts nothing more, and is answered the same."""

    def __init__(
        self,
        catalogue: Catalogue,
        engine: Engine,
        client: DaprWorkflowClient,
        instances: Instances,
        links: RerunLinks,
        admit: Callable[[], None] = lambda: None,
    ) -> None:
        """Prepare to rerun.

        Args:
            catalogue: The hosted workflows.
            engine: Starts a rerun from the start.
            client: The SDK's client: reruns from an event.
            instances: Reads the source and what is under the new id.
            links: Which instance a rerun repeats.
            admit: Raises a problem where no new instance may be started now.
        """
        self._catalogue = catalogue
        self._engine = engine
        self._client = client
        self._instances = instances
        self._links = links
        self._admit = admit

    async def rerun(
        self,
        instance_id: str,
        state: InstanceState | None,
        missing: ProblemError | None,
        request: RerunRequest,
    ) -> OperationResult:
        """Run an instance again as a new one.

        Args:
            instance_id: The instance to repeat.
            state: Its state; None where it is gone.
            missing: The problem that it is gone; a repeat of what was started is answered all the
                same.
            request: What to do.

        Raises:
            ProblemError: It has not ended, or is a child workflow (409); the new id is its own,
                the input is invalid, or the event is not one to rerun from (422); the new id is in
                use (409); or the engine does not answer (503).
        """
        definition = self._definition(instance_id, state)
        new_id = f"{definition.name}-{request.new_id}"
        mine = RerunLink(
            source=instance_id,
            from_event=request.from_event,
            input=None if request.input is None else json.dumps(request.input, sort_keys=True),
            done=False,
        )
        link = await self._links.find(new_id)
        if link is not None and not link.same(mine):
            raise _in_use(new_id, "is a rerun of another instance, step or input")
        if link is not None and link.done:
            return _result(instance_id, new_id, link.status or (state and state.status))
        if state is None:
            raise missing or AssertionError("an instance without a state is missing")
        again = await self._checked(definition, state, new_id, request)
        if link is None:
            await self._check_unused(new_id, request.from_event)
        asked, first = await self._links.ask(new_id, mine)
        if not asked.same(mine):
            raise _in_use(new_id, "is a rerun of another instance, step or input")
        try:
            if again is None:
                await self._rerun_from(instance_id, new_id, request)
            elif not await self._engine.start(definition, again) and first:
                raise _in_use(new_id, "was started, and is no rerun")
        except ProblemError as problem:
            # An engine that does not answer may have started it: the repeat will tell.
            if PROBLEM_KINDS[problem.type].status < 500:
                await self._links.withdraw(new_id)
            raise
        await self._links.complete(new_id, state.status)
        return _result(instance_id, new_id, state.status)

    async def _check_unused(self, new_id: str, from_event: int | None) -> None:
        self._admit()
        if await self._instances.state(new_id) is not None:
            raise _in_use(new_id, "exists, and is no rerun")
        # The engine gives it the input of its source, and so no life of its own.
        if from_event is not None and await self._engine.was_used(new_id):
            raise _in_use(new_id, "was started before, and purged or removed")

    def _definition(self, instance_id: str, state: InstanceState | None) -> Definition:
        definition = (
            self._catalogue.named(workflow_of(instance_id))
            if state is None
            else self._catalogue.of_workflow(state.name)
        )
        if definition is None:
            raise ProblemError(
                ProblemType.WRONG_STATE, f"{instance_id} is a child workflow: rerun its parent"
            )
        return definition

    async def _checked(
        self, definition: Definition, state: InstanceState, new_id: str, request: RerunRequest
    ) -> BaseModel | None:
        """Return the request to start again with; None for a rerun from an event, which exists."""
        if why := refusal(Operation.RERUN, state.status):
            raise ProblemError(ProblemType.WRONG_STATE, f"{state.instance_id}: {why}")
        if new_id == state.instance_id:
            raise ProblemError(ProblemType.VALIDATION, f"{new_id} is the instance itself")
        if request.from_event is not None:
            history = await self._instances.history(state.instance_id)
            check_step(definition, history, request.from_event, request.input)
            return None
        try:
            given = request.input
            if given is None:
                given = definition.parse_input(state.input).model_dump()
            return definition.input.model_validate({**given, definition.id_field: request.new_id})
        except ValidationError as error:
            raise invalid(error, "body", "input") from error

    async def _rerun_from(self, instance_id: str, new_id: str, request: RerunRequest) -> None:
        event_id = request.from_event or 0
        try:
            await self._client.rerun_workflow_from_event(
                instance_id,
                event_id,
                new_instance_id=new_id,
                input=UNSET if request.input is None else request.input,
            )
        except AioRpcError as error:
            if error.code() is grpc.StatusCode.ALREADY_EXISTS:
                # By an earlier request of the same: the link says so, and the target's history.
                if _repeats(await self._instances.history(new_id), instance_id):
                    return
                raise _in_use(new_id, "exists, and is no rerun of it") from error
            if error.code() in (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT):
                raise ProblemError(
                    ProblemType.VALIDATION,
                    f"Event {event_id} is not one to rerun from: {error.details()}",
                ) from error
            raise unavailable(error) from error


def _repeats(history: Sequence[Any], instance_id: str) -> bool:
    return execution_info_of(history).rerun_of == instance_id


def _in_use(new_id: str, why: str) -> ProblemError:
    return ProblemError(ProblemType.INSTANCE_EXISTS, f"{new_id} {why}")


def _result(instance_id: str, new_id: str, status: Any) -> OperationResult:
    return OperationResult(
        operation=Operation.RERUN, instance_id=instance_id, status=status, new_instance_id=new_id
    )
