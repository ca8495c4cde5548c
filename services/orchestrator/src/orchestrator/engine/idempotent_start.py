"""Starts an instance once, however often and by whomever it is asked for.

Dapr refuses the id of a running instance and starts a completed one again, so neither is left to
it: see orchestrator.engine.start_records. Concurrent starts of one id are serialized in a process;
of several replicas, one writes the record. Where two ask the engine for the same start, the effects
of both runs have the same idempotency keys, and happen once.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import UTC, datetime, timedelta
from typing import Protocol

import grpc
import structlog
from grpc.aio import AioRpcError
from pydantic import BaseModel, ValidationError

from contracts.problems import ProblemType
from orchestrator.dapr_sdk.errors import engine_errors, unavailable
from orchestrator.dapr_sdk.management import Management
from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.engine.problems import not_begun, removed_problem
from orchestrator.engine.start_records import StartRecord, StartRecords, fingerprint
from orchestrator.metrics import STARTED
from orchestrator.toolkit.definition import Definition
from orchestrator.toolkit.lives import life_of, stored_input
from servicekit.deadlines import count_exceeded
from servicekit.locks import KeyedLocks
from servicekit.problems import ProblemError
from servicekit.state import StoreUnavailable
from servicekit.tracing import current_traceparent, detached_context

log = structlog.get_logger(__name__)


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


class IdempotentStart:
    """Starts instances by the engine, and records what was started under which id."""

    def __init__(
        self,
        management: Management,
        records: StartRecords,
        timeout: float,
        wake_up: Callable[[str], Awaitable[None]],
        observer: Observer | None,
        admit: Callable[[], None],
        limits: Limits | None,
    ) -> None:
        """Prepare to start.

        Args:
            management: Starts instances, and reads them.
            records: What was started under which id.
            timeout: Seconds after which a start is given up.
            wake_up: Has the engine run an instance that it accepted and did not begin.
            observer: What is notified of each start, if anything.
            admit: Raises a problem where no new instance may be started now.
            limits: How many instances of a workflow may be active, where that is limited.
        """
        self._management = management
        self._records = records
        self._timeout = timeout
        self._wake_up = wake_up
        self._observer = observer
        self._admit = admit
        self._limits = limits
        self._locks = KeyedLocks()

    async def start(self, definition: Definition, request: BaseModel, instance_id: str) -> bool:
        """Start an instance, unless the same request started it before: see `Engine.start`."""
        async with self._locks(instance_id):
            try:
                return await self._start(definition, request, instance_id)
            finally:
                if self._limits:
                    self._limits.started(definition, instance_id)

    async def _start(self, definition: Definition, request: BaseModel, instance_id: str) -> bool:
        await self._check_admission(definition, instance_id)
        mine = self._records.new(definition.workflow_name, request)
        record, first = await self._records.claim(instance_id, mine)
        state = await self._state(instance_id)
        if state is None:
            record, first = await self._absent(definition, instance_id, record, first, mine)
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
            self._admit_new(definition, instance_id)
        except ProblemError:
            if await self._records.find(instance_id) is None:
                raise

    def _admit_new(self, definition: Definition, instance_id: str) -> None:
        self._admit()
        if self._limits:
            self._limits.admit(definition, instance_id)

    async def _absent(
        self,
        definition: Definition,
        instance_id: str,
        record: StartRecord,
        first: bool,
        mine: StartRecord,
    ) -> tuple[StartRecord, bool]:
        """Return the record of an id that the engine does not have, for which it may be asked."""
        purged = await self._records.purged_life(instance_id)
        if purged >= record.life:
            self._admit_new(definition, instance_id)
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
        if datetime.now(UTC) - record.accepted_at > timedelta(seconds=self._timeout):
            # Dapr 1.18.2 can lose the wake-up of an instance when its scheduler restarts; an event
            # that the workflow ignores makes another. Goes when the minimum is Dapr 1.18.4.
            await self._wake_up(instance_id)
        return record

    async def _note_begun(self, instance_id: str, record: StartRecord) -> None:
        try:
            await self._records.mark_begun(instance_id, record)
        except StoreUnavailable as error:
            # It has begun all the same, and whoever asks next sees that in the engine.
            log.warning("start not recorded", instance_id=instance_id, error=str(error))

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
            async with asyncio.timeout(self._timeout):
                with trace:
                    await self._management.schedule_new_workflow(
                        definition.workflow_name, instance_id, stored_input(request, life)
                    )
        except AioRpcError as error:
            if error.code() is grpc.StatusCode.ALREADY_EXISTS:
                return False
            raise unavailable(error) from error
        except TimeoutError as error:
            count_exceeded("engine")
            raise ProblemError(
                ProblemType.UNAVAILABLE,
                f"Instance {instance_id} has not begun within {self._timeout} s; it may yet. "
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
