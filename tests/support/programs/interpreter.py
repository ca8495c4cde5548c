"""Runs the nodes of a program in a workflow."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext, RetryPolicy, TaskFailedError, when_all

from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.lives import child_id
from orchestrator.toolkit.until_success import until_success
from support.programs import nodes
from support.programs.messages import (
    CHILD,
    COMPENSATE_EFFECT,
    MAKE_EFFECT,
    ChildOutput,
    ChildState,
    CompensateEffect,
    MakeEffect,
)
from support.programs.model import COMPENSATED, TIMED_OUT
from support.programs.nodes import AnyNode, Effect, EffectFault, EffectKind, join, mix
from support.programs.signals import Waits
from support.programs.tasks import Steps, run_against, run_parallel

# Goes on for minutes: what is away for the time of a fault must not change what comes out.
PATIENT = RetryPolicy(
    first_retry_interval=timedelta(milliseconds=100),
    max_number_of_attempts=100,
    backoff_coefficient=2.0,
    max_retry_interval=timedelta(seconds=5),
)
# Fails each time by injection, before it has any effect: one more failure changes nothing.
EXHAUSTED = RetryPolicy(first_retry_interval=timedelta(milliseconds=50), max_number_of_attempts=3)


@dataclass
class Frame:
    """What a part of a program has done so far.

    Args:
        effects: What is to be compensated where it fails, in order.
        compensated: What was compensated, in order.
    """

    effects: list[Effect] = field(default_factory=list)
    compensated: list[str] = field(default_factory=list)

    def add(self, part: "Frame") -> None:
        """Add what a part of it has done."""
        self.effects += part.effects
        self.compensated += part.compensated


class Interpreter:
    """Runs nodes; each method returns the digest after one, and raises where it fails."""

    def __init__(self, ctx: DaprWorkflowContext, root: str) -> None:
        """Run nodes in a workflow.

        Args:
            ctx: The workflow's context.
            root: What the keys of the program's effects begin with.
        """
        self._ctx = ctx
        self._root = root
        self._waits = Waits(ctx)

    def run(self, node: AnyNode, digest: int, frame: Frame) -> Steps[int]:
        """Run a node.

        Args:
            node: The node.
            digest: Of all nodes before it.
            frame: Takes what it does.

        Raises:
            TaskFailedError: It fails.
        """
        match node:
            case nodes.Effect() | nodes.Child():
                [digest] = yield from self._tasks([node], digest, frame)
            case nodes.Timer():
                yield self._ctx.create_timer(timedelta(milliseconds=node.milliseconds))
                digest = mix(digest, node.milliseconds)
            case nodes.Event():
                digest = mix(digest, (yield from self._event(node)))
            case nodes.Sequence():
                for step in node.steps:
                    digest = yield from self.run(step, digest, frame)
            case nodes.Parallel():
                digest = join(digest, (yield from self._parallel(node, digest, frame)))
            case nodes.FanOut():
                digest = join(digest, (yield from self._tasks(node.tasks, digest, frame)))
            case nodes.Race():
                digest = yield from self._race(node, digest, frame)
            case nodes.Scope():
                digest = yield from self._scope(node, digest, frame)
        return digest

    def probe(self, effect: Effect, digest: int, frame: Frame) -> Steps[int]:
        """Make an effect in one attempt; return the digest after it, or fail."""
        step = MakeEffect(root=self._root, effect=effect, digest=digest)
        digest = yield from MAKE_EFFECT.call(self._ctx, step, retry_policy=None)
        frame.effects.append(effect)
        return digest

    def compensate(self, frame: Frame) -> Steps[None]:
        """Compensate what a frame has done, the last first."""
        while frame.effects:
            effect = frame.effects[-1]
            step = CompensateEffect(root=self._root, effect=effect)
            message = f"Compensating {effect.name}"
            if (yield from until_success(self._ctx, COMPENSATE_EFFECT, step, message)):
                frame.compensated.append(effect.name)
            frame.effects.pop()

    def _tasks(
        self, started: Sequence[Effect | nodes.Child], digest: int, frame: Frame
    ) -> Steps[list[int]]:
        """Run effects and children at once; what they did is in the frame also where one fails."""
        tasks = [self._start(node, digest) for node in started]
        failure: TaskFailedError | None = None
        try:
            yield tasks[0] if len(tasks) == 1 else when_all(tasks)
        except TaskFailedError as error:
            failure = error
        digests = [self._end(node, task, frame) for node, task in zip(started, tasks, strict=True)]
        if failure is not None:
            raise failure
        return digests

    def _start(self, node: Effect | nodes.Child, digest: int) -> Task[Any]:
        if isinstance(node, Effect):
            step = MakeEffect(root=self._root, effect=node, digest=digest)
            policy = EXHAUSTED if node.fault is EffectFault.EXHAUSTED else PATIENT
            return MAKE_EFFECT.schedule(self._ctx, step, retry_policy=policy)
        state = ChildState(
            root=self._root, generations=node.generations, probe=node.probe, digest=digest
        )
        return self._ctx.call_child_workflow(
            CHILD,
            input=state.model_dump(mode="json"),
            instance_id=child_id(self._ctx, f"child-{node.id}"),
            retry_policy=None if node.probe is None else PATIENT,
        )

    def _end(self, node: Effect | nodes.Child, task: Task[Any], frame: Frame) -> int:
        if isinstance(node, Effect):
            if node.kind is not EffectKind.NOTIFICATION:
                frame.effects.append(node)
            return 0 if task.is_failed else MAKE_EFFECT.parse(task.get_result())
        if task.is_failed:
            return 0
        output = ChildOutput.model_validate(task.get_result())
        frame.effects += output.effects
        return output.digest

    def _event(self, node: nodes.Event) -> Steps[int]:
        wait = self._waits.open(node)
        signal = yield from wait.receive()
        if signal is None:
            signal = yield from wait.close()
        self._waits.close(wait)
        return TIMED_OUT if signal is None else signal.value

    def _parallel(self, node: nodes.Parallel, digest: int, frame: Frame) -> Steps[list[int]]:
        frames = [Frame() for _ in node.branches]
        branches = [
            self.run(branch, digest, own) for branch, own in zip(node.branches, frames, strict=True)
        ]
        try:
            return (yield from run_parallel(branches))
        finally:
            for own in frames:
                frame.add(own)

    def _race(self, node: nodes.Race, digest: int, frame: Frame) -> Steps[int]:
        never = self._waits.open(node.never)
        contender = self.run(node.contender, digest, frame)
        failure: TaskFailedError | None = None
        try:
            digest = yield from run_against(contender, never.task())
        except TaskFailedError as error:
            failure = error
        self._waits.close(never)
        yield from never.close()
        if failure is not None:
            raise failure
        return digest

    def _scope(self, node: nodes.Scope, digest: int, frame: Frame) -> Steps[int]:
        own = Frame()
        try:
            digest = yield from self.run(node.body, digest, own)
        except TaskFailedError:
            yield from self.compensate(own)
            digest = mix(digest, COMPENSATED)
        frame.add(own)
        return digest
