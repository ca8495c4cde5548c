"""Runs workflows without an engine, by the SDK's own executor and over a clock that skips waits.

Each turn replays the whole history, as the engine does: so retries, timers, events, children and
continue_as_new behave as they will, and code that decides otherwise when replayed is found.

The in-memory backend of microsoft/durabletask-python is not in Dapr's fork of it, and does not skip
waits.
"""

import heapq
import inspect
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from pydantic import BaseModel

from orchestrator.dapr_sdk.failures import shorten
from orchestrator.dapr_sdk.private import Registry, helpers, protos
from orchestrator.engine.replay_executor import executor, registry_of
from orchestrator.schemas.workflows import Progress, RuntimeStatus, Wait
from orchestrator.testing.run import Call, Run, Send
from orchestrator.toolkit.definition import Definition, Event
from orchestrator.toolkit.lives import FIRST, stored_input
from orchestrator.toolkit.messages import CLOSE_WAIT
from orchestrator.toolkit.outage_wait import READ_OUTAGE_TERMS, OutageTerms

__all__ = ["START", "Environment", "Run", "Send", "Stub", "StubMissing", "execute"]

START = datetime(2026, 1, 1)  # noqa: DTZ001 - the SDK's clock is UTC without an offset
# As the settings have them by default.
OUTAGE_TERMS = OutageTerms(wait_seconds=86_400, longest_pause_seconds=60)
# A workflow that takes more turns than this will not end.
MAX_TURNS = 20_000

Stub = Callable[[Any], Any]
"""Stands in for an activity: gets its input, as a model where its parameter names one and else as
a dict, and returns its result or raises."""


class StubMissing(LookupError):
    """A workflow calls an activity that nothing stands in for: a mistake of the test.

    It ends the run, whereas what a stub raises is a failed attempt that the workflow handles.
    """

    def __init__(self, activity: str, stubs: Iterable[str]) -> None:
        """Name the activity, and the stubs that there are."""
        known = ", ".join(sorted(stubs)) or "none"
        super().__init__(f"no stub for activity '{activity}'; stubs: {known}")


class Environment:
    """An engine in memory, for one run."""

    def __init__(self, definitions: Sequence[Definition], activities: Mapping[str, Stub]) -> None:
        """Host these workflows, over these stand-ins for their activities, by name."""
        self.registry: Registry = registry_of(definitions)
        self._events = _events_of(definitions)
        self._activities = {
            CLOSE_WAIT: self._close_wait,
            READ_OUTAGE_TERMS: lambda _: OUTAGE_TERMS,
            **activities,
        }
        self._now = START
        self._due: list[tuple[datetime, int, Callable[[], None]]] = []
        self._order = count()
        self._runs: dict[str, Run] = {}
        self._parents: dict[str, tuple[str, int]] = {}
        self._accepted: dict[str, dict[str, Any] | None] = {}
        self._stalled: dict[str, list[Any]] = {}

    def deploy(self, definitions: Sequence[Definition]) -> None:
        """Host these workflows from now on, as a worker that is started with other code does."""
        self.registry = registry_of(definitions)
        self._events = _events_of(definitions)
        stalled, self._stalled = self._stalled, {}
        for instance_id, events in stalled.items():
            run = self._runs[instance_id]
            run.status = RuntimeStatus.RUNNING
            self._at(self._now, lambda run=run, events=events: self._turn(run, events))  # type: ignore[misc]

    def start(
        self, name: str, instance_id: str, request: BaseModel | None, life: int = FIRST
    ) -> Run:
        """Start an instance; it runs when the clock does.

        Args:
            name: Dapr's name of its workflow.
            instance_id: Its id.
            request: Its input.
            life: Which life of the id it is; a later one replaces the run of the one before.
        """
        encoded = None if request is None else stored_input(request, life).model_dump_json()
        if life != FIRST:
            self._runs.pop(instance_id, None)
        return self._start(name, instance_id, encoded)

    def send(self, instance_id: str, event: Send) -> None:
        """Have an event arrive at an instance."""
        self._at(START + event.after, lambda: self._deliver(self._runs[instance_id], event))

    def run(self, until: timedelta | None = None) -> None:
        """Let the clock run until nothing is left to do, or up to a time from the start."""
        for _ in range(MAX_TURNS):
            if not self._due or (until is not None and self._due[0][0] > START + until):
                return
            self._now, _order, action = heapq.heappop(self._due)
            action()
        raise AssertionError(f"no end after {MAX_TURNS} turns")

    def _start(self, name: str, instance_id: str, encoded: str | None) -> Run:
        run = self._runs.setdefault(instance_id, Run(instance_id))
        started = helpers.new_execution_started_event(name, instance_id, encoded)
        self._at(self._now, lambda: self._turn(run, [started]))
        return run

    def _at(self, when: datetime, action: Callable[[], None]) -> None:
        heapq.heappush(self._due, (when, next(self._order), action))

    def _turn(self, run: Run, events: list[Any]) -> None:
        if run.status is RuntimeStatus.STALLED:
            self._stalled[run.instance_id] += events
        if run.status is not RuntimeStatus.RUNNING:
            return
        begun = helpers.new_workflow_started_event(self._now)
        result = executor(self.registry).execute(run.instance_id, run.history, [begun, *events])
        if any(action.HasField("workflowVersionNotAvailable") for action in result.actions):
            # As the engine does, keep what came until there is code for it.
            run.status = RuntimeStatus.STALLED
            self._stalled[run.instance_id] = events
            return
        # As the engine does, note in the history which code ran.
        if result.version_name:
            begun.workflowStarted.version.name = result.version_name
        begun.workflowStarted.version.patches.extend(result.patches or [])
        self._record(run, begun, *events)
        run.elapsed = self._now - START
        if result.encoded_custom_status and result.encoded_custom_status != run._status:
            run._status = result.encoded_custom_status
            run.progress.append(Progress.model_validate_json(result.encoded_custom_status))
        for action in result.actions:
            self._act(run, action)

    def _record(self, run: Run, *events: Any) -> None:
        for event in events:
            event.timestamp.FromDatetime(self._now)
            run.history.append(event)

    def _act(self, run: Run, action: Any) -> None:
        kind = action.WhichOneof("workflowActionType")
        getattr(self, f"_on_{kind}")(run, action.id, getattr(action, kind))

    def _on_scheduleTask(self, run: Run, id_: int, task: Any) -> None:  # noqa: N802
        scheduled = helpers.new_task_scheduled_event(id_, task.name, task.input.value)
        scheduled.taskScheduled.taskExecutionId = task.taskExecutionId
        self._record(run, scheduled)
        step = run.progress[-1].step if run.progress else None
        call = Call(task.name, json.loads(task.input.value or "null"), self._now - START, step)
        run.calls.append(call)
        if call.name not in self._activities:
            raise StubMissing(call.name, self._activities)

        def act() -> None:
            try:
                output = self._stub(call)
            except Exception as error:  # noqa: BLE001 - as the worker, whatever it is
                ended = helpers.new_task_failed_event(id_, error)
                shorten(ended.taskFailed.failureDetails)
            else:
                ended = helpers.new_task_completed_event(id_, json.dumps(output))
            self._turn(run, [ended])

        self._at(self._now, act)

    def _on_createTimer(self, run: Run, id_: int, timer: Any) -> None:  # noqa: N802
        created = protos.HistoryEvent(
            eventId=id_, timerCreated=protos.TimerCreatedEvent(fireAt=timer.fireAt)
        )
        if origin := timer.WhichOneof("origin"):
            getattr(created.timerCreated, origin).CopyFrom(getattr(timer, origin))
        self._record(run, created)
        fired = protos.HistoryEvent(
            eventId=-1, timerFired=protos.TimerFiredEvent(fireAt=timer.fireAt, timerId=id_)
        )
        when = timer.fireAt.ToDatetime()
        # A wait without an end has a timer that never fires.
        if when.year < 9999:
            self._at(max(when, self._now), lambda: self._turn(run, [fired]))

    def _on_createChildWorkflow(self, run: Run, id_: int, child: Any) -> None:  # noqa: N802
        encoded = child.input.value or None
        self._record(
            run,
            helpers.new_child_workflow_created_event(id_, child.name, child.instanceId, encoded),
        )
        self._parents[child.instanceId] = (run.instance_id, id_)
        earlier = self._runs.get(child.instanceId)
        if earlier is not None and earlier.status is not RuntimeStatus.RUNNING:
            # As the engine does, replace one that has ended, such as where a child is retried.
            del self._runs[child.instanceId]
        run.children.append(self._start(child.name, child.instanceId, encoded))

    def _on_completeWorkflow(self, run: Run, id_: int, ended: Any) -> None:  # noqa: N802
        status = protos.OrchestrationStatus.Name(ended.workflowStatus)
        if status.endswith("CONTINUED_AS_NEW"):
            name = next(
                e.executionStarted.name for e in run.history if e.HasField("executionStarted")
            )
            run.history = []
            run.generations += 1
            self._start(name, run.instance_id, ended.result.value)
            for event in ended.carryoverEvents:
                self._at(self._now, lambda event=event: self._turn(run, [event]))  # type: ignore[misc]
            return
        completed = protos.ExecutionCompletedEvent(workflowStatus=ended.workflowStatus)
        for part in ("result", "failureDetails"):
            if ended.HasField(part):
                getattr(completed, part).CopyFrom(getattr(ended, part))
        self._record(run, protos.HistoryEvent(eventId=id_, executionCompleted=completed))
        run.status = RuntimeStatus(status.removeprefix("ORCHESTRATION_STATUS_"))
        run.output = json.loads(ended.result.value or "null")
        failed = run.status is RuntimeStatus.FAILED
        run.error = ended.failureDetails.errorMessage if failed else None
        if run.instance_id in self._parents:
            parent, id_ = self._parents[run.instance_id]
            event = (
                helpers.new_child_workflow_failed_event(id_, RuntimeError(run.error))
                if failed
                else helpers.new_child_workflow_completed_event(id_, json.dumps(run.output))
            )
            self._at(self._now, lambda: self._turn(self._runs[parent], [event]))

    def _stub(self, call: Call) -> Any:
        stub = self._activities[call.name]
        output = stub(_as_parameter(stub, call.input))
        return output.model_dump(mode="json") if isinstance(output, BaseModel) else output

    def _deliver(self, run: Run, send: Send) -> None:
        """Let an event in as the API does."""
        waits = run.progress[-1].waits if run.progress else []
        wait: Wait | None = next((w for w in waits if w.event == send.event), None)
        if wait is None or run.status is not RuntimeStatus.RUNNING:
            run.refused.append(send)
            return
        key_field = self._events[send.event].key_field
        key = "" if key_field is None else f":{send.payload[key_field]}"
        slot = f"{run.instance_id}:{wait.id}{key}"
        if slot in self._accepted:
            run.refused.append(send)
        accepted = self._accepted.setdefault(slot, send.payload)
        if accepted is not None and not send.lost:
            raised = {"wait": wait.id, "payload": accepted}
            self._turn(run, [helpers.new_event_raised_event(send.event, json.dumps(raised))])

    def _close_wait(self, step: Any) -> dict[str, Any]:
        slot = f"{step['instance_id']}:{step['slot']}"
        return {"payload": self._accepted.setdefault(slot, None)}


def execute(
    definition: Definition,
    request: BaseModel,
    activities: Mapping[str, Stub],
    *,
    events: Sequence[Send] = (),
    until: timedelta | None = None,
    life: int = FIRST,
) -> Run:
    """Run one instance to its end, or up to a time.

    Args:
        definition: The workflow.
        request: Its input.
        activities: What stands in for each activity, by name.
        events: What comes from outside meanwhile.
        until: When to stop, from the start; by default when nothing is left to do.
        life: Which life of its id it is.
    """
    environment = Environment([definition], activities)
    instance_id = definition.instance_id(request)
    run = environment.start(definition.workflow_name, instance_id, request, life)
    for event in events:
        environment.send(run.instance_id, event)
    environment.run(until)
    return run


def _events_of(definitions: Sequence[Definition]) -> dict[str, Event]:
    return {event.name: event for definition in definitions for event in definition.events}


def _as_parameter(stub: Stub, data: Any) -> Any:
    [parameter, *_] = inspect.signature(stub).parameters.values()
    model = parameter.annotation
    is_model = isinstance(model, type) and issubclass(model, BaseModel)
    return model.model_validate(data) if is_model else data
