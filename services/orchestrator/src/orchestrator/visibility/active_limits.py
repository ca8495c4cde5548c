"""Limits how many instances of a workflow are active, where its settings say how many may be."""

from collections import defaultdict
from collections.abc import Callable

from contracts.problems import ProblemType
from orchestrator.schemas.instances import InstanceCounts
from orchestrator.schemas.workflows import TERMINAL
from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.toolkit.definition import Definition
from orchestrator.toolkit.workflow_settings import SettingsRegistry
from servicekit.problems import ProblemError

# Some end by themselves, or are ended, within minutes.
RETRY_AFTER_SECONDS = 60


class ActiveLimits:
    """Admits new instances of the workflows that have a limit."""

    def __init__(
        self,
        catalogue: Catalogue,
        settings: SettingsRegistry,
        counts: Callable[[], InstanceCounts],
        known: Callable[[str], object | None],
    ) -> None:
        """Prepare to count.

        Args:
            catalogue: The hosted workflows.
            settings: The settings of each workflow, which have the limits.
            counts: Returns the counts of all instances, as the index has them.
            known: Returns what the index has of an instance, if anything.
        """
        self._catalogue = catalogue
        self._settings = settings
        self._counts = counts
        self._known = known
        # Admitted, and not in the index yet.
        self._starting: defaultdict[str, set[str]] = defaultdict(set)

    def admit(self, definition: Definition, instance_id: str) -> None:
        """Admit a start, which counts from now on; whoever was admitted calls `started` in the end.

        Args:
            definition: The workflow.
            instance_id: The instance that is to be started.

        Raises:
            ProblemError: As many are active as may be (429).
        """
        most = self._catalogue.max_active(definition, self._settings)
        if most is None or self._known(instance_id) is not None:
            return
        starting = self._starting[definition.name]
        if self._active(definition) + len(starting - {instance_id}) >= most:
            raise ProblemError(
                ProblemType.TOO_MANY_REQUESTS,
                f"{most} instances of {definition.name} are active, and no more may be: end one",
                retry_after=RETRY_AFTER_SECONDS,
            )
        starting.add(instance_id)

    def started(self, definition: Definition, instance_id: str) -> None:
        """Count a start by the index alone from now on: it was made, or has failed."""
        self._starting[definition.name].discard(instance_id)

    def _active(self, definition: Definition) -> int:
        by_status = self._counts().by_workflow.get(definition.name, {})
        return sum(count for status, count in by_status.items() if status not in TERMINAL)
