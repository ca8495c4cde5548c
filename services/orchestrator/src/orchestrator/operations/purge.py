"""Purges an instance, with its child workflows where that is asked for."""

from collections.abc import Callable
from functools import partial

from dapr.ext.workflow.aio import DaprWorkflowClient
from grpc.aio import AioRpcError

from contracts.problems import ProblemType
from orchestrator.dapr_sdk.errors import retry_torn_read, unavailable
from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.engine.start_records import StartRecords
from orchestrator.inspection.rerun_links import RerunLinks
from orchestrator.operations.effects import wait_for_effect
from orchestrator.operations.instances import Instances
from orchestrator.schemas.operations import Operation, OperationRequest
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.toolkit.lives import life_of
from servicekit.problems import ProblemError


class Purge:
    """Purges instances that have ended, each child before its parent."""

    def __init__(
        self,
        client: DaprWorkflowClient,
        instances: Instances,
        starts: StartRecords,
        rerun_links: RerunLinks,
        note_end: Callable[[str, RuntimeStatus], None] = lambda _, __: None,
    ) -> None:
        """Prepare to purge.

        Args:
            client: The SDK's client: purges.
            instances: Reads the instances.
            starts: Where each is recorded.
            rerun_links: Which are reruns: with the instance its link goes, for its id is free.
            note_end: Gets how each has ended before it is gone, for the list may not know yet.
        """
        self._client = client
        self._instances = instances
        self._starts = starts
        self._rerun_links = rerun_links
        self._note_end = note_end

    async def purge(self, state: InstanceState, request: OperationRequest) -> list[str]:
        """Purge an instance that has ended; return what was purged, itself first.

        A child is purged before its parent, so that a repeat after a crash in between finds the
        parent, and by it the rest.

        Raises:
            ProblemError: A child has not ended (409): nothing is purged, and nothing recorded; or
                the engine does not answer (503).
        """
        instance_id = state.instance_id
        descendants = await self._instances.descendants(instance_id)
        for child in descendants:
            if not child.terminal:
                raise ProblemError(
                    ProblemType.WRONG_STATE,
                    f"{instance_id}: its child workflow {child.instance_id} is {child.status}. "
                    "Terminate it first, or its parent with `children`",
                )
        targets = [state, *(descendants if request.children else ())]
        for target in reversed(targets):
            await self._purge_one(target, request.by)
        return [target.instance_id for target in targets]

    async def _purge_one(self, target: InstanceState, by: str) -> None:
        # The tombstone comes first, so that a crash in between leaves no purged instance without
        # one; of an instance that is there it says nothing.
        name = target.instance_id
        await self._starts.record_purge(name, by, life_of(target.input))
        self._note_end(name, target.status)
        try:
            await retry_torn_read(partial(self._client.purge_workflow, name, recursive=False))
        except AioRpcError as error:
            # Another request may have purged it.
            if await self._instances.state(name) is not None:
                await self._starts.withdraw_purge(name)
                raise unavailable(error) from error
        await wait_for_effect(self._instances, Operation.PURGE, name)
        await self._rerun_links.withdraw(name)
