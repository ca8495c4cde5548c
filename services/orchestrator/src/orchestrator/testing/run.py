"""What goes into a run of a workflow, and what it did."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from orchestrator.schemas.workflows import Progress, RuntimeStatus
from orchestrator.toolkit.messages import CLOSE_WAIT


@dataclass(frozen=True)
class Call:
    """An activity that was called, once for each attempt.

    Args:
        name: The activity's name.
        input: What it was called with.
        at: When, from the start of the run.
        step: The step that the custom status named then, if it named one.
    """

    name: str
    input: dict[str, Any]
    at: timedelta
    step: str | None = None


@dataclass(frozen=True)
class Send:
    """An event from outside.

    Args:
        after: When, from the start of the run.
        event: The event's name.
        payload: What it carries.
        lost: Whether it is written down as accepted, but never reaches the workflow.
    """

    after: timedelta
    event: str
    payload: dict[str, Any]
    lost: bool = False


@dataclass
class Run:
    """What a workflow instance did."""

    instance_id: str
    status: RuntimeStatus = RuntimeStatus.RUNNING
    output: Any = None
    error: str | None = None
    calls: list[Call] = field(default_factory=list)
    progress: list[Progress] = field(default_factory=list)
    refused: list[Send] = field(default_factory=list)
    history: list[Any] = field(default_factory=list)
    generations: int = 1
    elapsed: timedelta = timedelta(0)
    children: list["Run"] = field(default_factory=list)
    _status: str | None = None

    def called(self) -> list[str]:
        """Return the names of the activities in the order of their calls."""
        return [call.name for call in self.calls]

    def steps(self) -> list[str]:
        """Return what the workflow said that it was doing, without repeats."""
        names = [progress.step for progress in self.progress]
        return [name for i, name in enumerate(names) if i == 0 or names[i - 1] != name]

    def unreported(self) -> list[str]:
        """Return the activities that were called while the custom status named another step.

        Whoever looks at the instance then does not see what it does. Closing a wait is no step.
        """
        calls = [call for call in self.calls if call.step != call.name != CLOSE_WAIT]
        return sorted({call.name for call in calls})

    def inputs(self, name: str) -> list[dict[str, Any]]:
        """Return what an activity was called with."""
        return [call.input for call in self.calls if call.name == name]
