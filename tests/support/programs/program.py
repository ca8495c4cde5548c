"""A generated program: what is posted, what is sent, and what must come out."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from orchestrator.toolkit.lives import FIRST, root_of
from support.programs import nodes
from support.programs.effects import amount
from support.programs.generator import Generator
from support.programs.model import Expected, Model
from support.programs.nodes import EVENT_NAMES, AnyNode, Effect, Event, ProgramRequest
from support.programs.signals import wait_id


@dataclass(frozen=True)
class ProgramEvent:
    """An event that a client must send once the program's status shows the wait for it.

    Args:
        id: Its node in the program.
        wait_id: The id of the wait.
        name: The event's name.
        payload: What it carries.
    """

    id: int
    wait_id: str
    name: str
    payload: dict[str, Any]


@dataclass(frozen=True)
class Program:
    """A program.

    Args:
        definition: Its request.
        life: Which life of its id it is: another where the one before was purged.
    """

    definition: ProgramRequest
    life: int = FIRST

    @classmethod
    def generate(cls, seed: int, index: int, prefix: str = "p") -> "Program":
        """Return the program of a seed and an index, each time the same one.

        Args:
            seed: The seed of the run.
            index: Distinguishes the programs of the run.
            prefix: What its id begins with: another in each run against the same system.
        """
        random = Random(f"{seed}:{index}")  # noqa: S311 - for variety, not for secrets
        return cls(
            ProgramRequest(
                program_id=f"{prefix}-{seed}-{index}",
                generations=Generator(random).generations([*EVENT_NAMES]),
            )
        )

    @property
    def instance_id(self) -> str:
        """The id of its instance."""
        return f"program-{self.definition.program_id}"

    @property
    def root(self) -> str:
        """What the keys of its effects begin with."""
        return root_of(self.instance_id, self.life)

    def request(self) -> dict[str, Any]:
        """Return what is posted to `PATH`."""
        return self.definition.model_dump(mode="json", exclude_none=True)

    def events(self) -> list[ProgramEvent]:
        """Return what is to be sent; a program that fails may end before it waits for all."""
        return [
            ProgramEvent(node.id, self._wait_id(node), node.name, {"value": node.value})
            for node in self.nodes()
            if isinstance(node, Event) and node.value is not None
        ]

    def effects(self) -> list[Effect]:
        """Return every effect in it, whether it is made or not."""
        return [node for node in self.nodes() if isinstance(node, Effect)]

    def nodes(self) -> Iterator[AnyNode]:
        """Yield every node."""
        for node in self.definition.generations:
            yield from _within(node)

    def expected(self, accepted: Collection[int] | None = None) -> Expected:
        """Return what must come out.

        Args:
            accepted: The ids of the events that the API accepted; all by default.
        """
        if accepted is None:
            accepted = {event.id for event in self.events()}
        return Model(accepted).run(self.definition.generations)

    def _wait_id(self, node: Event) -> str:
        return wait_id(node) if self.life == FIRST else f"{wait_id(node)}.life{self.life}"

    def money(self, expected: Expected) -> int:
        """Return what its payments have taken in the end."""
        left = expected.effects - expected.undone
        return sum(amount(effect) * left[effect.name] for effect in self.effects())


def _within(node: AnyNode) -> Iterator[AnyNode]:
    yield node
    match node:
        case nodes.Sequence():
            parts: list[AnyNode] = node.steps
        case nodes.Parallel():
            parts = node.branches
        case nodes.FanOut():
            parts = [*node.tasks]
        case nodes.Race():
            parts = [node.contender, node.never]
        case nodes.Scope():
            parts = [node.body]
        case nodes.Child():
            parts = [*([] if node.probe is None else [node.probe]), *node.generations]
        case _:
            parts = []
    for part in parts:
        yield from _within(part)
