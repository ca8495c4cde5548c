"""What must come out of a program, in plain Python: no workflow, no engine, no time."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from support.programs import nodes
from support.programs.nodes import NOT_MADE, PERMANENT, AnyNode, Effect, EffectKind, Outcome, mix

COMPENSATED = 7
TIMED_OUT = 11


@dataclass(frozen=True)
class Expected:
    """What must come out of a program.

    Args:
        output: The result, as JSON.
        effects: How often each effect was made, compensated or not.
        undone: How often each was compensated.
    """

    output: dict[str, object]
    effects: Counter[str]
    undone: Counter[str]


class Failed(Exception):
    """A node fails."""


@dataclass
class Model:
    """What is known of a program that is evaluated.

    Args:
        accepted: The ids of the events that the API accepted.
    """

    accepted: Collection[int]
    effects: Counter[str] = field(default_factory=Counter)
    undone: Counter[str] = field(default_factory=Counter)
    order: list[str] = field(default_factory=list)

    def run(self, generations: Sequence[AnyNode]) -> Expected:
        """Return what comes out."""
        stack: list[Effect] = []
        digest = 0
        try:
            for node in generations:
                digest = self.evaluate(node, digest, stack)
            outcome = Outcome.COMPLETED
        except Failed:
            self.order += self.compensate(stack)
            outcome, digest = Outcome.COMPENSATED, 0
        output: dict[str, object] = {
            "outcome": outcome.value,
            "digest": digest,
            "compensated": self.order,
        }
        return Expected(output, self.effects, self.undone)

    def evaluate(self, node: AnyNode, digest: int, stack: list[Effect]) -> int:
        """Return the digest after a node; what can be compensated is put on the stack.

        Raises:
            Failed: It fails.
        """
        match node:
            case nodes.Effect():
                return self._effect(node, digest, stack)
            case nodes.Timer():
                return mix(digest, node.milliseconds)
            case nodes.Event():
                return mix(digest, self.came(node))
            case nodes.Sequence():
                for step in node.steps:
                    digest = self.evaluate(step, digest, stack)
                return digest
            case nodes.Parallel(branches=parts) | nodes.FanOut(tasks=parts):
                return self._all(parts, digest, stack)
            case nodes.Race():
                return self.evaluate(node.contender, digest, stack)
            case nodes.Scope():
                return self._scope(node, digest, stack)
            case nodes.Child():
                return self._child(node, digest, stack)

    def came(self, node: nodes.Event) -> int:
        """Return what the wait for an event brings."""
        if node.value is None or node.id not in self.accepted:
            return TIMED_OUT
        return node.value

    def compensate(self, stack: list[Effect]) -> list[str]:
        """Compensate what is on a stack, and return what there was to compensate, in order."""
        names = [e.name for e in reversed(stack) if e.fault not in NOT_MADE]
        self.undone.update(names)
        return names

    def _effect(self, node: Effect, digest: int, stack: list[Effect]) -> int:
        if node.kind is not EffectKind.NOTIFICATION:
            stack.append(node)
        if node.fault not in NOT_MADE:
            self.effects[node.name] += 1
        if node.fault in PERMANENT:
            raise Failed
        return mix(digest, node.id)

    def _scope(self, node: nodes.Scope, digest: int, stack: list[Effect]) -> int:
        own: list[Effect] = []
        try:
            after = self.evaluate(node.body, digest, own)
        except Failed:
            self.order += self.compensate(own)
            return mix(digest, COMPENSATED)
        stack += own
        return after

    def _all(self, branches: Sequence[AnyNode], digest: int, stack: list[Effect]) -> int:
        """Evaluate branches, all of which end, also where one fails."""
        failed, after = False, digest
        for branch in branches:
            try:
                after = mix(after, self.evaluate(branch, digest, stack))
            except Failed:
                failed = True
        if failed:
            raise Failed
        return after

    def _child(self, node: nodes.Child, digest: int, stack: list[Effect]) -> int:
        order, self.order = self.order, []
        own: list[Effect] = []
        try:
            if node.probe is not None:
                digest = self._effect(node.probe, digest, own)
            for generation in node.generations:
                digest = self.evaluate(generation, digest, own)
        except Failed:
            self.compensate(own)
            raise
        finally:
            self.order = order
        stack += own
        return digest
