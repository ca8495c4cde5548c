"""Removes an instance whose stored state is incomplete, which Dapr itself cannot do."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from redis.exceptions import RedisError

from contracts.assigner import APP_ID as ASSIGNER
from contracts.problems import ProblemType
from orchestrator.dapr_sdk.errors import engine_errors
from orchestrator.dapr_sdk.management import Management
from orchestrator.dapr_sdk.torn import TornInstance
from orchestrator.engine.start_records import StartRecords
from orchestrator.operations.audit import Action, Audit
from orchestrator.operations.effects import EFFECT_POLL_SECONDS, EFFECT_TIMEOUT_SECONDS
from orchestrator.schemas.operations import OperationRequest, TornRemoval
from orchestrator.storage.engine_keys import EngineKeys
from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.toolkit.lives import FIRST, root_of
from orchestrator.toolkit.peer_errors import PeerUnavailable
from orchestrator.toolkit.peers.assigner import AssignerClient
from orchestrator.toolkit.workflow_settings import SettingsRegistry
from servicekit.problems import ProblemError
from servicekit.state import StateStore

ASSIGNMENT = "assignment:"
ORCHESTRATOR = "orchestrator"
NAME = "remove-torn"


class TornInstances:
    """Removes instances whose state is incomplete, and compensates their effects."""

    def __init__(
        self,
        catalogue: Catalogue,
        settings: SettingsRegistry,
        store: StateStore,
        keys: EngineKeys | None,
        management: Management,
        assigner: AssignerClient,
        starts: StartRecords,
        audit: Audit,
        refresh: Callable[[Sequence[str]], Awaitable[None]],
    ) -> None:
        """Prepare to remove.

        Args:
            catalogue: The hosted workflows, which say how their effects are compensated.
            settings: The settings of the workflows.
            store: Has the effects that are in the orchestrator's own state.
            keys: The engine's keys; None where the store is not a Redis that can be reached.
            management: Purges what is left.
            assigner: Releases assignments.
            starts: Which life of its id the instance is; the removal is recorded as a purge is.
            audit: Where it is recorded who removed it, and what was compensated.
            refresh: Updates these instances in the list.
        """
        self._catalogue = catalogue
        self._settings = settings
        self._store = store
        self._keys = keys
        self._management = management
        self._assigner = assigner
        self._starts = starts
        self._audit = audit
        self._refresh = refresh

    async def remove(self, instance_id: str, request: OperationRequest) -> TornRemoval:
        """Compensate what an instance left, and delete it; a repeat after a failure continues.

        Raises:
            ProblemError: There is no such instance (404, 410), its state is complete (409), or the
                store or a peer does not answer (503).
        """
        action = Action(request.by, NAME, instance_id, request.reason)
        async with self._audit.recording(action):
            if self._keys is None:
                raise ProblemError(
                    ProblemType.WRONG_STATE,
                    "Only Redis leaves a state incomplete, and REDIS_HOST names none",
                )
            try:
                await self._check(self._keys, instance_id)
                life = await self._life(instance_id)
                compensated = await self._compensate(self._keys, root_of(instance_id, life))
                await self._starts.record_purge(instance_id, request.by, life)
                await self._end_in_memory(self._keys, instance_id)
                await self._keys.empty(instance_id)
            except (RedisError, PeerUnavailable) as error:
                raise ProblemError(
                    ProblemType.UNAVAILABLE,
                    f"Redis or the assigner does not answer ({type(error).__name__}); repeat the "
                    "request, which continues",
                    retry_after=1,
                ) from error
            with engine_errors():
                await self._management.purge_by_force(instance_id)
            action.details["compensated"] = compensated
            await self._refresh([instance_id])
            return TornRemoval(instance_id=instance_id, compensated=compensated)

    async def _check(self, keys: EngineKeys, instance_id: str) -> None:
        """Return where the state is incomplete, or was until an earlier removal was interrupted."""
        with engine_errors():
            try:
                state = await self._management.get_workflow_state(instance_id, payloads=False)
            except TornInstance:
                return
        if state is None:
            raise await self._starts.missing_problem(instance_id)
        if not await keys.is_empty(instance_id):
            raise ProblemError(
                ProblemType.WRONG_STATE, f"{instance_id}: its state is complete; terminate it"
            )

    async def _compensate(self, keys: EngineKeys, root: str) -> list[str]:
        """Compensate every effect whose key begins with the root; return what they were."""
        root = f"{root}:"
        done: list[str] = []
        for found in await keys.begin_with(ASSIGNER, ASSIGNMENT + root):
            await self._assigner.release(found.removeprefix(ASSIGNMENT))
            done.append(found)
        for workflow in self._catalogue.workflows:
            for prefix, compensate in workflow.compensations.items():
                for found in await keys.begin_with(ORCHESTRATOR, prefix + root):
                    await compensate(self._store, self._settings, found.removeprefix(prefix))
                    done.append(found)
        return done

    async def _end_in_memory(self, keys: EngineKeys, instance_id: str) -> None:
        """End what the sidecar remembers of the instance: it would refuse the next start."""
        before = await keys.revision(instance_id)
        with engine_errors():
            remembered = await self._management.end_in_memory(instance_id)
        deadline = time.monotonic() + EFFECT_TIMEOUT_SECONDS
        while remembered and time.monotonic() < deadline:
            if await keys.revision(instance_id) != before:
                return
            await asyncio.sleep(EFFECT_POLL_SECONDS)

    async def _life(self, instance_id: str) -> int:
        record = await self._starts.find(instance_id)
        return record.life if record else FIRST
