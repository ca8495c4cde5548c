"""The external events of a program, and the waits of an instance for them."""

from datetime import timedelta

from dapr.ext.workflow import DaprWorkflowContext
from pydantic import BaseModel

from orchestrator.toolkit.definition import Event
from orchestrator.toolkit.progress import report
from orchestrator.toolkit.waits import EventWait
from support.programs import nodes


class Signal(BaseModel):
    """The payload of an event."""

    value: int


EVENTS = {
    name: Event(name=name, payload=Signal, description="A value that a program waits for")
    for name in (*nodes.EVENT_NAMES, *nodes.NEVER_NAMES)
}


class Waits:
    """The open waits of an instance, which its status shows."""

    def __init__(self, ctx: DaprWorkflowContext) -> None:
        """Begin without any."""
        self._ctx = ctx
        self._open: list[EventWait[Signal]] = []

    def open(self, node: nodes.Event) -> EventWait[Signal]:
        """Have an event be accepted from now on."""
        until = None
        if node.deadline_milliseconds is not None:
            after = timedelta(milliseconds=node.deadline_milliseconds)
            until = self._ctx.current_utc_datetime + after
        wait = EventWait(self._ctx, EVENTS[node.name], Signal, until=until, id=wait_id(node))
        self._open.append(wait)
        self._report()
        return wait

    def close(self, wait: EventWait[Signal]) -> None:
        """Show a wait no more."""
        self._open.remove(wait)
        self._report()

    def _report(self) -> None:
        waits = [wait.wait for wait in self._open]
        report(self._ctx, "running", f"{len(waits)} events are waited for", waits=waits)


def wait_id(node: nodes.Event) -> str:
    """Return the id of the wait of a node."""
    return f"event-{node.id}"
