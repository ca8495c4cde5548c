"""Counts the instances that end, for the metrics."""

from orchestrator.metrics import ENDED, INSTANCE_SECONDS
from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.visibility.entry import Entry

# The label of an outcome that no model declares: those of children, and of former models.
OTHER = "other"


class EndedInstances:
    """Counts each end by workflow, status, step and outcome."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Prepare to count.

        Args:
            catalogue: The hosted workflows, which declare their outcomes.
        """
        self._catalogue = catalogue

    def count(self, entry: Entry) -> None:
        """Count the end of an instance that this process saw running."""
        labels = {"workflow": entry.workflow, "status": entry.status}
        ENDED.add(1, {**labels, "step": entry.step or "", "outcome": self.label(entry)})
        if entry.completed_at is not None:
            seconds = (entry.completed_at - entry.created_at).total_seconds()
            INSTANCE_SECONDS.record(max(0.0, seconds), labels)

    def label(self, entry: Entry) -> str:
        """Return the outcome of an instance as a label: one of a bounded set, or empty."""
        if entry.outcome is None:
            return ""
        definition = self._catalogue.named(entry.workflow)
        declared = definition.outcomes if definition else ()
        return entry.outcome if entry.outcome in declared else OTHER
