"""Inspects one instance: its detail, its history, and why it waits."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from google.protobuf.json_format import MessageToDict

from orchestrator.dapr_sdk.errors import engine_errors
from orchestrator.dapr_sdk.management import Management
from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.engine.replay_executor import registry_of
from orchestrator.engine.start_records import StartRecords
from orchestrator.inspection.detail import detail_of
from orchestrator.inspection.former_ids import by_any_id
from orchestrator.inspection.outage_reason import PeerOutages
from orchestrator.inspection.pending_tasks import CannotReplay, PendingTasks, pending_tasks
from orchestrator.inspection.rerun_links import RerunLinks
from orchestrator.inspection.timeline import Timeline
from orchestrator.inspection.waiting_reasons import MAX_REASONS, WaitContext, waiting_reasons
from orchestrator.schemas.detail import InstanceDetail, InstanceHistory, StepKind
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.telemetry.execution_info import execution_info_of
from orchestrator.toolkit.actor_reminders import LostReminder
from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.toolkit.messages import PEER_CALLS

# A fan-out can have hundreds of children, and each is a read.
MAX_CHILDREN_READ = 20


class Inspector:
    """Reads an instance from the engine, and derives what it did and why it waits."""

    def __init__(
        self,
        catalogue: Catalogue,
        management: Management,
        starts: StartRecords,
        rerun_links: RerunLinks,
        why_no_worker: Callable[[], Awaitable[str | None]],
        peers_away: Callable[[Iterable[str]], Awaitable[Mapping[str, datetime]]],
        jaeger_url: str | None,
        lost_reminder: Callable[[str], LostReminder | None] = lambda _: None,
    ) -> None:
        """Prepare to inspect.

        Args:
            catalogue: The hosted workflows.
            management: The engine.
            starts: What was started and purged.
            rerun_links: Which are reruns, and of which.
            why_no_worker: Returns why no workflow can run, if none can.
            peers_away: Returns those of some peers that are away, and since when.
            jaeger_url: The address of Jaeger's UI, if there is one.
            lost_reminder: Returns the reminder of an instance's actor that the scheduler lost.
        """
        self._catalogue = catalogue
        self._management = management
        self._starts = starts
        self._rerun_links = rerun_links
        self._why_no_worker = why_no_worker
        self._peers_away = peers_away
        self._jaeger_url = jaeger_url
        self._lost_reminder = lost_reminder
        self._registry = registry_of(catalogue.definitions)
        self._peer_calls = dict(PEER_CALLS)
        for definition in catalogue.definitions:
            self._peer_calls.update(definition.peer_calls)

    async def detail(self, instance_id: str) -> InstanceDetail:
        """Return an instance in detail.

        Raises:
            ProblemError: It does not exist (404), was purged (410), or the engine does not answer
                (503); so for all methods.
        """
        return await by_any_id(instance_id, self._detail)

    async def _detail(self, instance_id: str) -> InstanceDetail:
        state, history = await self._read(instance_id)
        # In a thread: a long history would block the other requests.
        timeline, info = await asyncio.to_thread(
            lambda: (Timeline(history), execution_info_of(history))
        )
        now = datetime.now(UTC)
        why = []
        if not state.terminal:
            why = waiting_reasons(await self._wait_context(state, history, timeline, now))
        definition = self._catalogue.of_workflow(state.name)
        rerun_of = await self._rerun_links.source_of(instance_id)
        return detail_of(state, info, why, definition, rerun_of, self._jaeger_url, now)

    async def history(self, instance_id: str) -> InstanceHistory:
        """Return the history of an instance, in steps."""
        return await by_any_id(instance_id, self._steps)

    async def _steps(self, instance_id: str) -> InstanceHistory:
        events = await self._events(instance_id)
        timeline = await asyncio.to_thread(Timeline, events)
        return InstanceHistory(instance_id=instance_id, steps=timeline.steps)

    async def raw(self, instance_id: str) -> list[dict[str, Any]]:
        """Return the events of the history as the engine has them."""
        events = await by_any_id(instance_id, self._events)
        return await asyncio.to_thread(lambda: [MessageToDict(event) for event in events])

    async def revision(self, instance_id: str) -> tuple[str, RuntimeStatus]:
        """Return what differs whenever the instance has changed, without reading its payloads."""
        state = await self._state(instance_id, payloads=False)
        return state.last_updated_at.isoformat(), state.status

    async def _read(self, instance_id: str) -> tuple[InstanceState, Sequence[Any]]:
        state = await self._state(instance_id, payloads=True)
        history = await self._history(instance_id)
        ended = any(event.HasField("executionCompleted") for event in history[-1:])
        if ended and not state.terminal:
            # It ended between the two reads.
            state = await self._state(instance_id, payloads=True)
        return state, history

    async def _events(self, instance_id: str) -> Sequence[Any]:
        await self._state(instance_id, payloads=False)
        return await self._history(instance_id)

    async def _state(self, instance_id: str, payloads: bool) -> InstanceState:
        with engine_errors():
            state = await self._management.get_workflow_state(instance_id, payloads)
        if state is None:
            return await self._starts.absent(instance_id)
        return await self._starts.named(state)

    async def _history(self, instance_id: str) -> Sequence[Any]:
        with engine_errors():
            return await self._management.get_workflow_history(instance_id)

    async def _wait_context(
        self, state: InstanceState, history: Sequence[Any], timeline: Timeline, now: datetime
    ) -> WaitContext:
        found, replay_error = await self._pending_tasks(state, history)
        context = WaitContext(
            status=state.status,
            timeline=timeline,
            pending_tasks=found,
            replay_error=replay_error,
            waits=state.progress.waits if state.progress else (),
            outages=await self._outages(timeline),
            reminder=self._lost_reminder(state.instance_id),
            no_worker=await self._why_no_worker(),
            last_updated_at=state.last_updated_at,
            now=now,
        )
        children = [
            step.instance_id
            for step, _ in context.pending_steps()[:MAX_REASONS]
            if step.kind is StepKind.CHILD and step.instance_id
        ]
        for child in await self._states(children[:MAX_CHILDREN_READ]):
            context.children[child.instance_id] = child.status
            if child.progress is not None:
                context.progress[child.instance_id] = child.progress
        return context

    async def _outages(self, timeline: Timeline) -> PeerOutages:
        names = {step.name for step in timeline.pending.values()}
        called = {peer for name, peer in self._peer_calls.items() if name in names}
        return PeerOutages(peers=self._peer_calls, since=await self._peers_away(called))

    async def _pending_tasks(
        self, state: InstanceState, history: Sequence[Any]
    ) -> tuple[PendingTasks | None, str | None]:
        try:
            return await asyncio.to_thread(
                pending_tasks, self._registry, state.instance_id, history
            ), None
        except CannotReplay as error:
            return None, str(error)

    async def _states(self, instance_ids: Sequence[str]) -> list[InstanceState]:
        with engine_errors():
            states = await asyncio.gather(
                *(self._management.get_workflow_state(id_, True) for id_ in instance_ids)
            )
        return [state for state in states if state is not None]
