"""Dapr's workflow engine as the API uses it: idempotent start, status, raise event."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import grpc
import structlog
from dapr.ext.workflow.aio import DaprWorkflowClient
from grpc.aio import AioRpcError
from pydantic import BaseModel, ValidationError

from contracts.problems import ProblemType
from orchestrator.dapr_sdk.errors import (
    TORN_READ_ATTEMPTS,
    TORN_READ_PAUSE_SECONDS,
    engine_errors,
    unavailable,
)
from orchestrator.dapr_sdk.management import Management
from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.engine.start_records import (
    StartRecord,
    StartRecords,
    fingerprint,
    not_begun,
    removed_problem,
    unknown_instance,
)
from orchestrator.engine.status import to_api
from orchestrator.metrics import REFUSED, STARTED
from orchestrator.schemas.workflows import InstanceStatus
from orchestrator.telemetry.activity_spans import annotate_request_span
from orchestrator.telemetry.trace_context import TraceContexts
from orchestrator.toolkit.definition import Definition, workflow_of
from orchestrator.toolkit.lives import life_of, root_of, stored_input
from servicekit.locks import KeyedLocks
from servicekit.problems import ProblemError
from servicekit.state import StoreUnavailable
from servicekit.tracing import current_traceparent, detached_context

log = structlog.get_logger(__name__)

WAKE_UP = "wake_up"
"""An event that no workflow waits for."""


class WakeUp(BaseModel):
    """What a wake-up carries: Dapr drops an event without data."""

    wake_up: bool = True


class Observer(Protocol):
    """What is notified of what the API did to an instance."""

    def started(self, definition: Definition, request: BaseModel, instance_id: str) -> None:
        """Take note of an instance that was just started."""

    def mark_dirty(self, instance_id: str) -> None:
        """Take note of an instance that an event was raised for."""


class Limits(Protocol):
    """What may limit the instances of a workflow."""

    def admit(self, definition: Definition, instance_id: str) -> None:
        """Admit a start, or raise a problem."""

    def started(self, definition: Definition, instance_id: str) -> None:
        """Take note that a start which was admitted was made, or has failed."""


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
        self._start_timeout = start_timeout
        self._trace_contexts = trace_contexts
        self._records = records
        self._observer = observer
        self._admit = admit
        self._limits = limits
        self._locks = KeyedLocks()

    async def start(
        self, definition: Definition, request: BaseModel, instance_id: str | None = None
    ) -> bool:
        """Start an instance, unless the same request started it before.

        Dapr refuses the id of a running instance and starts a completed one again, so neither
        is left to it: see orchestrator.engine.start_records. Concurrent starts of one id are
        serialized in this process; of several replicas, one writes the record. Where two ask the
        engine for the same start, the effects of both runs have the same idempotency keys, and
        happen once.

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
            async with self._locks(instance_id):
                try:
                    return await self._start(definition, request, instance_id)
                finally:
                    if self._limits:
                        self._limits.started(definition, instance_id)
        except ProblemError as error:
            if error.type is not ProblemType.UNAVAILABLE:
                REFUSED.add(1, {"workflow": definition.name, "problem": error.type.name})
            raise

    async def _start(self, definition: Definition, request: BaseModel, instance_id: str) -> bool:
        await self._check_admission(definition, instance_id)
        mine = self._records.new(definition.workflow_name, request)
        record, first = await self._records.claim(instance_id, mine)
        state = await self._state(instance_id)
        if state is None:
            record, first = await self._absent(instance_id, record, first, mine)
            _check_same(instance_id, record, mine)
            if await self._schedule(definition, instance_id, request, record.life):
                STARTED.add(1, {"workflow": definition.name})
                await self._note_begun(instance_id, record)
                if self._observer:
                    self._observer.started(definition, request, instance_id)
                return first
            # Something else has the id: of an earlier release, or another replica's same start.
            state = await self._state(instance_id)
        if state is None:
            raise not_begun(instance_id)
        if not record.begun:
            record = await self._compare(instance_id, state, record, definition, first)
        _check_same(instance_id, record, mine)
        return False

    async def _check_admission(self, definition: Definition, instance_id: str) -> None:
        """Raise a problem where nothing new may be started; a repeat is answered all the same."""
        try:
            self._admit()
            if self._limits:
                self._limits.admit(definition, instance_id)
        except ProblemError:
            if await self._records.find(instance_id) is None:
                raise

    async def _absent(
        self, instance_id: str, record: StartRecord, first: bool, mine: StartRecord
    ) -> tuple[StartRecord, bool]:
        """Return the record of an id that the engine does not have, for which it may be asked."""
        purged = await self._records.purged_life(instance_id)
        if purged >= record.life:
            self._admit()
            life = mine.model_copy(update={"life": purged + 1})
            return await self._records.begin_life(instance_id, life)
        if not first and self._records.used_up(record):
            raise removed_problem(instance_id)
        return record, first

    async def _compare(
        self,
        instance_id: str,
        state: InstanceState,
        record: StartRecord,
        definition: Definition,
        first: bool,
    ) -> StartRecord:
        """Return the record of an instance that the engine has, made of its input if need be."""
        if state.name:
            return await self._records.mark_begun(instance_id, _adopted(state, definition))
        if first:
            # Not what was accepted by this record; soon it has a name to compare with.
            raise not_begun(instance_id)
        if datetime.now(UTC) - record.accepted_at > timedelta(seconds=self._start_timeout):
            # Dapr 1.18.2 can lose the wake-up of an instance when its scheduler restarts; an event
            # that the workflow ignores makes another. Goes when the minimum is Dapr 1.18.4.
            await self.raise_event(instance_id, WAKE_UP, WakeUp())
        return record

    async def _note_begun(self, instance_id: str, record: StartRecord) -> None:
        try:
            await self._records.mark_begun(instance_id, record)
        except StoreUnavailable as error:
            # It has begun all the same, and whoever asks next sees that in the engine.
            log.warning("start not recorded", instance_id=instance_id, error=str(error))

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
        if not state.name:
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

    async def _schedule(
        self, definition: Definition, instance_id: str, request: BaseModel, life: int
    ) -> bool:
        """Ask the engine for an instance; return False where it has one of this id."""
        trace: AbstractContextManager[None] = nullcontext()
        if definition.eternal_input is not None:
            given = request.model_dump() | {"started_in": current_traceparent()}
            request, trace = definition.eternal_input.model_validate(given), detached_context()
        try:
            # The call returns when the instance has begun, which needs a worker.
            async with asyncio.timeout(self._start_timeout):
                with trace:
                    await self._management.schedule_new_workflow(
                        definition.workflow_name, instance_id, stored_input(request, life)
                    )
        except AioRpcError as error:
            if error.code() is grpc.StatusCode.ALREADY_EXISTS:
                return False
            raise unavailable(error) from error
        except TimeoutError as error:
            raise ProblemError(
                ProblemType.UNAVAILABLE,
                f"Instance {instance_id} has not begun within {self._start_timeout} s; it may yet. "
                "Repeat the request: it starts nothing twice",
                retry_after=1,
            ) from error
        return True

    async def _state(self, instance_id: str) -> InstanceState | None:
        with engine_errors():
            return await self._management.get_workflow_state(instance_id, payloads=True)


def _check_same(instance_id: str, record: StartRecord, mine: StartRecord) -> None:
    if not record.same_start(mine):
        raise ProblemError(
            ProblemType.INSTANCE_EXISTS, f"Instance {instance_id} was started with another request"
        )


def _adopted(state: InstanceState, definition: Definition) -> StartRecord:
    """Return the record that an instance would have that the engine has begun."""
    request = ""
    if state.name == definition.workflow_name:
        with suppress(ValidationError):
            # An input of another form of the model is that of no request of today.
            request = fingerprint(definition.parse_input(state.input))
    return StartRecord(
        workflow=state.name,
        request=request,
        accepted_at=state.created_at,
        life=life_of(state.input),
        begun=True,
    )
