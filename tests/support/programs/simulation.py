"""Runs programs without an engine: by the test kit, over a clock that skips waits."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from orchestrator.testing.environment import Environment, Run, Send, Stub
from orchestrator.toolkit.fault_injection import InjectedFailure
from support.programs.activities import fails_after, fails_before, failure
from support.programs.effects import EffectRecord
from support.programs.messages import COMPENSATE_EFFECT, MAKE_EFFECT, CompensateEffect, MakeEffect
from support.programs.nodes import mix
from support.programs.program import Program
from support.programs.workflow import DEFINITION

STEP = timedelta(milliseconds=50)
LONGEST = timedelta(minutes=30)


@dataclass
class Simulation:
    """A program that ran, and its effects."""

    effects: Counter[str] = field(default_factory=Counter)
    undone: Counter[str] = field(default_factory=Counter)
    _records: dict[str, EffectRecord] = field(default_factory=dict)

    def run(self, program: Program) -> Run:
        """Run a program to its end; its events are sent as its status shows the waits."""
        activities: dict[str, Stub] = {MAKE_EFFECT: self._make, COMPENSATE_EFFECT: self._compensate}
        environment = Environment([DEFINITION], activities)
        name, instance_id = DEFINITION.workflow_name, program.instance_id
        run = environment.start(name, instance_id, program.definition)
        unsent = {event.wait_id: event for event in program.events()}
        now = timedelta(0)
        while run.status == "RUNNING" and now < LONGEST:
            environment.run(now)
            for wait in run.progress[-1].waits if run.progress else []:
                if event := unsent.pop(wait.id, None):
                    environment.send(instance_id, Send(now, event.name, event.payload))
            now += STEP
        assert run.refused == []
        return run

    def _make(self, step: MakeEffect) -> int:
        effect, record = step.effect, self._record(step.effect.name)
        record.attempts += 1
        if fails_before(effect, record.attempts):
            raise failure(effect, record.attempts)
        if not record.made:
            self.effects[effect.name] += 1
            record.made = True
        if fails_after(effect, record.attempts):
            raise failure(effect, record.attempts)
        return mix(step.digest, effect.id)

    def _compensate(self, step: CompensateEffect) -> bool:
        effect, record = step.effect, self._record(step.effect.name)
        record.compensation_attempts += 1
        if record.compensation_attempts <= effect.compensation_failures:
            raise InjectedFailure(f"compensation of {effect.name}")
        if record.made and not record.compensated:
            self.undone[effect.name] += 1
        record.compensated = True
        return record.made

    def _record(self, name: str) -> EffectRecord:
        return self._records.setdefault(name, EffectRecord())
