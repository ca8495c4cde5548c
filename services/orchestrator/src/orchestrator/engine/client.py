"""Dapr's workflow engine as the API uses it: idempotent start, status, raise event."""

import asyncio
from collections.abc import Callable
from typing import Any

from dapr.ext.workflow.aio import DaprWorkflowClient
from grpc.aio import AioRpcError
from pydantic import BaseModel

from contracts.problems import ProblemType
from orchestrator.dapr_sdk.errors import (
    TORN_READ_ATTEMPTS,
    TORN_READ_PAUSE_SECONDS,
    engine_errors,
    unavailable,
)
from orchestrator.dapr_sdk.management import Management
from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.dapr_sdk.task_refresh import WAKE_UP
from orchestrator.engine.idempotent_start import IdempotentStart, Limits, Observer
from orchestrator.engine.problems import not_begun, unknown_instance
from orchestrator.engine.start_records import UNUSED, StartRecords
from orchestrator.engine.status import to_api
from orchestrator.metrics import REFUSED
from orchestrator.schemas.workflows import InstanceStatus
from orchestrator.telemetry.activity_spans import annotate_request_span
from orchestrator.telemetry.trace_context import TraceContexts
from orchestrator.toolkit.definition import Definition, workflow_of
from orchestrator.toolkit.lives import life_of, root_of
from servicekit.problems import ProblemError


class WakeUp(BaseModel):
    """What makes a turn, and asks for wake-ups to be created again.

    Args:
        wake_up: Dapr drops an event without data.
        timers: The ids of the events that created timers whose wake-ups were lost.
        activities: The ids of the events that scheduled activities whose wake-ups were lost.
    """

    wake_up: bool = True
    timers: list[int] = []
    activities: list[int] = []


class Engine:
    """Starts workflow instances, reads their state and raises their events."""

    def __init__(
        self,
        client: DaprWorkflowClient,
        management: Management,
        start_timeout: float,
        trace_contexts: TraceContexts,
        records: StartRecords,
        observer: Observer | None = None,
        admit: Callable[[], None] = lambda: None,
        limits: Limits | None = None,
    ) -> None:
        """Prepare to call the engine.

        Args:
            client: The SDK's client; it raises events.
            management: Starts instances, and reads them.
            start_timeout: Seconds after which a start is given up.
            trace_contexts: Which trace an instance is part of.
            records: What was started under which id.
            observer: What is notified of each call that succeeded, if anything.
            admit: Raises a problem where no new instance may be started now.
            limits: How many instances of a workflow may be active, where that is limited.
        """
        self._client = client
        self._management = management
        self._trace_contexts = trace_contexts
        self._records = records
        self._observer = observer
        self._starts = IdempotentStart(
            management, records, start_timeout, self.wake_up, observer, admit, limits
        )

    async def start(
        self, definition: Definition, request: BaseModel, instance_id: str | None = None
    ) -> bool:
        """Start an instance, unless the same request started it before.

        Args:
            definition: The workflow.
            request: Its input; it names the instance.
            instance_id: The id where the system derives it; that of the request by default.

        Returns:
            Whether this call is the first of that request, and so started it.

        Raises:
            ProblemError: The id was used with another request (409), the instance has ended and
                was removed (410), as many instances are active as may be (429), or the engine does
                not answer (503): after these two the same start can be repeated.
        """
        instance_id = instance_id or definition.instance_id(request)
        annotate_request_span(instance_id, definition.name)
        try:
            return await self._starts.start(definition, request, instance_id)
        except ProblemError as error:
            if error.type is not ProblemType.UNAVAILABLE:
                REFUSED.add(1, {"workflow": definition.name, "problem": error.type.name})
            raise

    async def was_used(self, instance_id: str) -> bool:
        """Return whether anything was ever started under an id, whatever became of it."""
        if await self._records.find(instance_id) is not None:
            return True
        return await self._records.purged_life(instance_id) > UNUSED

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
        """Return the state of an instance of any workflow; PENDING where it has not begun.

        Raises:
            ProblemError: There is none (404), it was purged or removed (410), or the engine has no
                more than its id at the moment, or does not answer (503).
        """
        state = await self._state(instance_id)
        for _ in range(TORN_READ_ATTEMPTS):
            if state is None or state.name:
                break
            # Two generations of an eternal workflow are that far apart.
            await asyncio.sleep(TORN_READ_PAUSE_SECONDS)
            state = await self._state(instance_id)
        if state is None:
            return await self._records.absent(instance_id)
        state = await self._records.named(state)
        if not state.name:
            raise not_begun(instance_id)
        return state

    async def key_root(self, instance_id: str, definition: Definition) -> str:
        """Return what the keys of an instance of a workflow begin with, in its current life.

        Raises:
            ProblemError: As `state_of`; or it has not begun (503).
        """
        state = await self.state_of(instance_id, definition)
        if state.input is None:
            raise not_begun(instance_id)
        return root_of(instance_id, life_of(state.input))

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

    async def wake_up(self, instance_id: str, lost: WakeUp | None = None) -> None:
        """Have the engine run an instance whose wake-up it lost, by an event that is ignored.

        Args:
            instance_id: The instance.
            lost: Which wake-ups are created again, if any.

        Raises:
            ProblemError: The engine does not answer (503).
        """
        await self.raise_event(instance_id, WAKE_UP, lost or WakeUp())

    async def _state(self, instance_id: str) -> InstanceState | None:
        with engine_errors():
            return await self._management.get_workflow_state(instance_id, payloads=True)
