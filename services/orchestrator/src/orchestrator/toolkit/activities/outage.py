"""Reads how an outage of a peer is waited for."""

from dapr.ext.workflow import WorkflowActivityContext

from orchestrator.toolkit.dependencies import Activities, ActivityDependencies
from orchestrator.toolkit.outage_wait import READ_OUTAGE_TERMS, OutageTerms


def activities(dependencies: ActivityDependencies) -> Activities:
    """Return the activity that waits for peers use."""

    async def read_outage_terms(_: WorkflowActivityContext, peer: str) -> OutageTerms:
        """Return the settings that hold now, which are the same for every peer."""
        return OutageTerms(
            wait_seconds=dependencies.settings.outage_wait_seconds,
            longest_pause_seconds=dependencies.settings.outage_longest_pause_seconds,
        )

    return {READ_OUTAGE_TERMS: read_outage_terms}
