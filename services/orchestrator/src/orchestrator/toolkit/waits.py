"""Waits for external events, in which an event that was accepted always counts."""

from collections.abc import Generator
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from dapr.ext.workflow import DaprWorkflowContext
from pydantic import BaseModel, TypeAdapter

from contracts.fields import Key
from orchestrator.dapr_sdk.private import Task
from orchestrator.schemas.workflows import Wait
from orchestrator.toolkit.definition import Event
from orchestrator.toolkit.lives import wait_id
from orchestrator.toolkit.messages import CLOSE_WAIT, CloseWait, EventEnvelope
from orchestrator.toolkit.until_success import until_success

Payload = TypeVar("Payload", bound=BaseModel)
WAIT_ID: TypeAdapter[str] = TypeAdapter(Key)


class EventWait(Generic[Payload]):
    """A wait for one external event; `report` must show its `wait`, or the API accepts no event.

    The API accepts one payload for each wait, records it, and raises the event. So a workflow that
    times out calls `close`: it either refuses any later payload, or returns the one that was
    accepted before.
    """

    def __init__(
        self,
        ctx: DaprWorkflowContext,
        event: Event,
        payload: type[Payload],
        *,
        until: datetime | None = None,
        assigned_to: str | None = None,
        id: str | None = None,  # noqa: A002 - it is the wait's id
    ) -> None:
        """Describe the wait; `receive` or `task` waits.

        Args:
            ctx: The workflow's context.
            event: What is waited for.
            payload: The event's model.
            until: The deadline, in UTC without offset, as the context's clock.
            assigned_to: Who is to send it: an id or e-mail address.
            id: The wait's id within its life, a part of state-store keys; one of the event and
                the time by default. A wait that lasts over continue_as_new must keep its id.

        Raises:
            ValidationError: `id` is no contracts.fields.Key.
        """
        now = ctx.current_utc_datetime
        self._ctx = ctx
        self._payload = payload
        self._until = until
        self.wait = Wait(
            id=WAIT_ID.validate_python(wait_id(ctx, id or f"{event.name}.{now:%Y%m%dT%H%M%S%f}")),
            event=event.name,
            since=now.replace(tzinfo=UTC),
            until=until and until.replace(tzinfo=UTC),
            assigned_to=assigned_to,
        )

    def receive(self, until: datetime | None = None) -> Generator[Task[Any], Any, Payload | None]:
        """Return the next payload of this wait, or None where none came by `until`.

        Args:
            until: When to return, in UTC without offset; at the wait's deadline by default.
        """
        while True:
            try:
                raised = yield self.task(until)
            except TimeoutError:
                return None
            if (payload := self.accept(raised)) is not None:
                return payload

    def task(self, until: datetime | None = None) -> Task[Any]:
        """Return the SDK's task, for `when_any`; `accept` reads its result."""
        return self._ctx.wait_for_external_event(self.wait.event, timeout=until or self._until)

    def accept(self, raised: Any) -> Payload | None:
        """Return the payload of a raised event, or None where it belongs to another wait."""
        if not isinstance(raised, dict) or raised.get("wait") != self.wait.id:
            return None
        return self._payload.model_validate(EventEnvelope.model_validate(raised).payload)

    def close(self, key: str | None = None) -> Generator[Task[Any], Any, Payload | None]:
        """Accept no more; return the payload that was accepted before, if one was.

        Args:
            key: Where the event has a `key_field`: the value of it that is not accepted any more.
        """
        event_key = self.wait.id if key is None else f"{self.wait.id}:{key}"
        step = CloseWait(instance_id=self._ctx.instance_id, slot=event_key)
        message = f"Closing the wait for {self.wait.event}"
        closed = yield from until_success(self._ctx, CLOSE_WAIT, step, message)
        return None if closed.payload is None else self._payload.model_validate(closed.payload)
