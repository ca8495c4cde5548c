"""The nodes of a program: what its interpreter can do, as JSON."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from contracts.fields import RequestId
from orchestrator.toolkit.definition import Request

EVENT_NAMES = tuple(f"signal-{number}" for number in range(1, 5))
"""The external events that a program waits for; waits that are open at once have one each."""
NEVER_NAMES = tuple(f"never-{number}" for number in range(1, 4))
"""The external events of races, which nobody sends: one of each in a generation, for the SDK gives
an event to the first that has waited for it, given up or not."""


class Node(BaseModel):
    """A part of a program."""

    model_config = ConfigDict(extra="forbid")


class EffectKind(StrEnum):
    """Which service records an effect."""

    RECORD = "record"
    PAYMENT = "payment"
    ASSIGNMENT = "assignment"
    NOTIFICATION = "notification"


class EffectFault(StrEnum):
    """How the activity that makes an effect fails."""

    RETRIED = "retried"
    """Its first attempts fail before the effect."""
    ANSWER_LOST = "answer-lost"
    """Its first attempts make the effect, and fail."""
    REFUSED = "refused"
    """It fails permanently before the effect."""
    REFUSED_AFTER = "refused-after"
    """It makes the effect, and fails permanently."""
    EXHAUSTED = "exhausted"
    """Every attempt of its retry policy fails before the effect."""


PERMANENT = {EffectFault.REFUSED, EffectFault.REFUSED_AFTER, EffectFault.EXHAUSTED}
"""The faults by which the node fails."""

NOT_MADE = {EffectFault.REFUSED, EffectFault.EXHAUSTED}
"""The faults by which there is no effect."""


class Effect(Node):
    """An activity with an effect outside; all but a notification can be compensated."""

    node: Literal["effect"] = "effect"
    id: int = Field(description="Distinguishes it in the program")
    kind: EffectKind = EffectKind.RECORD
    fault: EffectFault | None = None
    failures: int = Field(default=0, description="How many attempts fail, where it is retried")
    compensation_failures: int = Field(
        default=0, description="How many attempts at its compensation fail before one succeeds"
    )

    @property
    def name(self) -> str:
        """Its name among the program's effects, such as `payment-3`."""
        return f"{self.kind}-{self.id}"


class Timer(Node):
    """A durable timer."""

    node: Literal["timer"] = "timer"
    milliseconds: int = Field(ge=0)


class Event(Node):
    """A wait for an external event, which ends at its deadline where it has one."""

    node: Literal["event"] = "event"
    id: int = Field(description="Distinguishes it in the program")
    name: str
    value: int | None = Field(default=None, description="What is sent; null where nothing is")
    deadline_milliseconds: int | None = None


class Sequence(Node):
    """Nodes one after another."""

    node: Literal["sequence"] = "sequence"
    steps: list["AnyNode"]


class Parallel(Node):
    """Branches side by side, of which each goes on as its own task ends: by `when_any`."""

    node: Literal["parallel"] = "parallel"
    branches: list["AnyNode"]


class FanOut(Node):
    """Effects and children that are started at once and awaited together: by `when_all`."""

    node: Literal["fan-out"] = "fan-out"
    tasks: list[Annotated["Effect | Child", Field(discriminator="node")]]


class Race(Node):
    """A node against an event that nobody sends: by `when_any`."""

    node: Literal["race"] = "race"
    contender: "AnyNode"
    never: Event


class Scope(Node):
    """A node whose effects are compensated, the last first, where it fails; then it goes on."""

    node: Literal["scope"] = "scope"
    body: "AnyNode"


class Child(Node):
    """A child workflow; where one of its generations fails, it compensates, and fails."""

    node: Literal["child"] = "child"
    id: int = Field(description="Distinguishes it in the program")
    generations: list["AnyNode"]
    probe: Effect | None = Field(
        default=None,
        description="What it does first, once: where that fails, the child fails, and its parent "
        "retries it",
    )


KINDS = (Effect, Timer, Event, Sequence, Parallel, FanOut, Race, Scope, Child)
"""Every kind of node."""

AnyNode = Annotated[
    Effect | Timer | Event | Sequence | Parallel | FanOut | Race | Scope | Child,
    Field(discriminator="node"),
]


class ProgramRequest(Request):
    """A program: generations, between which it continues as new."""

    program_id: RequestId
    generations: list[AnyNode] = Field(min_length=1)


class Outcome(StrEnum):
    """How a program ends."""

    COMPLETED = "completed"
    COMPENSATED = "compensated"


class ProgramOutput(BaseModel):
    """The result of a program."""

    outcome: Outcome
    digest: int = Field(description="Of the values of all nodes, each made of those before it")
    compensated: list[str] = Field(
        description="The effects that were compensated, in this order; without those of children"
    )


def mix(digest: int, value: int) -> int:
    """Return a digest of a value and of all that came before it, in this order."""
    return (digest * 1_000_003 + value + 1) % 2**48


def join(digest: int, branches: Iterable[int]) -> int:
    """Return a digest of those of branches, in their order, and of what came before them."""
    for branch in branches:
        digest = mix(digest, branch)
    return digest
