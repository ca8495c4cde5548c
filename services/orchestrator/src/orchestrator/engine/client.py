"""Dapr's workflow engine as the API uses it: idempotent start, status, raise event."""

import asyncio
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

import grpc
from dapr.ext.workflow.aio import DaprWorkflowClient
from grpc.aio import AioRpcError
from pydantic import BaseModel, ValidationError

from contracts.problems import ProblemType
from orchestrator.dapr_sdk.errors import engine_errors, unavailable
from orchestrator.dapr_sdk.management import Management
from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.engine.status import to_api
from orchestrator.metrics import REFUSED, STARTED
from orchestrator.schemas.workflows import InstanceStatus
from orchestrator.telemetry.activity_spans import annotate_request_span
from orchestrator.telemetry.trace_context import TraceContexts
from orchestrator.toolkit.definition import Definition, workflow_of
from servicekit.locks import KeyedLocks
from servicekit.problems import ProblemError
from servicekit.tracing import current_traceparent, detached_context


class Observer(Protocol):
    """What is notified of what the API did to an instance."""

    def started(self, definition: Definition, request: BaseModel) -> None:
        """Take note of an instance that was just started."""

    def mark_dirty(self, instance_id: str) -> None:
        """Take note of an instance that an event was raised for."""


class Engine:
    """Starts workflow instances, reads their state and raises their events."""

    def __init__(
        self,
        client: DaprWorkflowClient,
        management: Management,
        start_timeout: float,
        trace_contexts: TraceContexts,
        observer: Observer | None = None,
    ) -> None:
        """Prepare to call the engine.

        Args:
            client: The SDK's client; it raises events.
            management: Starts instances, and reads them.
            start_timeout: Seconds after which a start is given up.
            trace_contexts: Which trace an instance is part of.
            observer: What is notified of each call that succeeded, if anything.
        """
        self._client = client
        self._management = management
        self._start_timeout = start_timeout
        self._trace_contexts = trace_contexts
        self._observer = observer
        self._locks = KeyedLocks()

    async def start(self, definition: Definition, request: BaseModel) -> bool:
        """Start an instance, unless the same request started it before.

        Dapr refuses the id of a running instance and starts a completed one again, so neither
        is left to it. Concurrent starts of one id are serialized in this process; where two
        replicas race, the effects of both runs have the same idempotency keys, and happen once.

        Args:
            definition: The workflow.
            request: Its input; it names the instance.

        Returns:
            Whether it was started now.

        Raises:
            ProblemError: The id was used with another request (409), or the engine does not
                answer (503): the same start can then be repeated.
        """
        instance_id, workflow = definition.instance_id(request), definition.workflow_name
        annotate_request_span(instance_id, definition.name)
        async with self._locks(instance_id):
            state = await self._state(instance_id)
            if state is None:
                try:
                    await self._schedule(definition, instance_id, request)
                except AioRpcError as error:
                    if error.code() is not grpc.StatusCode.ALREADY_EXISTS:
                        raise unavailable(error) from error
                    state = await self._state(instance_id)
                else:
                    STARTED.add(1, {"workflow": definition.name})
                    if self._observer:
                        self._observer.started(definition, request)
                    return True
        if state is None or state.name != workflow or not _same_input(state, definition, request):
            REFUSED.add(
                1, {"workflow": definition.name, "problem": ProblemType.INSTANCE_EXISTS.name}
            )
            raise ProblemError(
                ProblemType.INSTANCE_EXISTS,
                f"Instance {instance_id} was started with another request",
            )
        return False

    async def status(self, instance_id: str, definition: Definition) -> InstanceStatus[Any]:
        """Return the status of an instance of a workflow; 404 where there is none."""
        state = await self.state_of(instance_id, definition)
        return to_api(state, definition.output, await self._trace_contexts.trace_id(instance_id))

    async def state_of(self, instance_id: str, definition: Definition) -> InstanceState:
        """Return the state of an instance of a workflow; 404 where there is none."""
        state = await self.state(instance_id)
        if state.name != definition.workflow_name:
            raise unknown_instance(instance_id)
        return state

    async def state(self, instance_id: str) -> InstanceState:
        """Return the state of an instance of any workflow; 404 where there is none."""
        state = await self._state(instance_id)
        if state is None:
            raise unknown_instance(instance_id)
        return state

    async def raise_event(self, instance_id: str, event: str, data: BaseModel) -> None:
        """Raise an event; the workflow receives it some time later.

        Args:
            instance_id: The instance.
            event: The event's name.
            data: What it carries: not empty, for Dapr drops an event without data.

        Raises:
            ProblemError: The engine does not answer (503).
        """
        annotate_request_span(instance_id, workflow_of(instance_id))
        try:
            await self._client.raise_workflow_event(
                instance_id, event, data=data.model_dump(mode="json")
            )
        except AioRpcError as error:
            raise unavailable(error) from error
        if self._observer:
            self._observer.mark_dirty(instance_id)

    async def _schedule(self, definition: Definition, instance_id: str, request: BaseModel) -> None:
        trace: AbstractContextManager[None] = nullcontext()
        if definition.eternal_input is not None:
            given = request.model_dump() | {"started_in": current_traceparent()}
            request, trace = definition.eternal_input.model_validate(given), detached_context()
        try:
            # The call returns when the instance has begun, which needs a worker.
            async with asyncio.timeout(self._start_timeout):
                with trace:
                    await self._management.schedule_new_workflow(
                        definition.workflow_name, instance_id, request
                    )
        except TimeoutError as error:
            raise ProblemError(
                ProblemType.UNAVAILABLE,
                f"Instance {instance_id} has not begun within {self._start_timeout} s; it may yet. "
                "Repeat the request: it starts nothing twice",
                retry_after=1,
            ) from error

    async def _state(self, instance_id: str) -> InstanceState | None:
        with engine_errors():
            return await self._management.get_workflow_state(instance_id, payloads=True)


def unknown_instance(instance_id: str) -> ProblemError:
    """Return the problem that there is no such instance (404)."""
    return ProblemError(ProblemType.NOT_FOUND, f"There is no instance {instance_id}")


def _same_input(state: InstanceState, definition: Definition, request: BaseModel) -> bool:
    try:
        return definition.parse_input(state.input) == request
    except ValidationError:
        return False
