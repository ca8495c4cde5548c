"""Which steps of an instance fail by injection: what a request's `simulate` stands for.

A workflow looks up its plan and hands each activity its share, as a field of the activity's input;
the activity then raises the failures by `fault_injection`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

ALWAYS = 99
"""More attempts than the retry policy of any step makes: a permanent failure."""
LAST_CALL = 2**31
"""More calls of a step than any instance makes."""


def every(nth: int) -> range:
    """Return each nth call of a step, such as each 5th document of a batch."""
    return range(nth, LAST_CALL, nth)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong at a step.

    Args:
        failures: How many attempts at it fail before one succeeds.
        calls: Which calls of it are affected, counted from 1, where a workflow calls it for each
            of many items or rounds.
        delay_ms: How many milliseconds longer each call takes.
    """

    failures: int = 0
    calls: range = field(default=every(1))
    delay_ms: int = 0

    def fails(self, call: int = 1) -> bool:
        """Return whether the first attempt at that call fails."""
        return self.failures > 0 and call in self.calls


NO_FAULT = Fault()


@dataclass(frozen=True)
class FaultPlan:
    """The faults of an instance.

    Args:
        faults: By the step's name, or that of a point within a step.
    """

    faults: Mapping[str, Fault] = field(default_factory=dict)

    def at(self, step: str) -> Fault:
        """Return the fault at a step, which does nothing where none is planned."""
        return self.faults.get(step, NO_FAULT)


NO_FAULTS = FaultPlan()
