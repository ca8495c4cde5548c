"""Makes and compensates the effects of programs."""

from collections.abc import Callable

from dapr.ext.workflow import WorkflowActivityContext

from contracts.assigner import AssignmentRequest
from contracts.notifier import NotificationRequest
from orchestrator.dapr_sdk.private import NonRetryableError
from orchestrator.toolkit.dependencies import Activities, ActivityDependencies
from orchestrator.toolkit.fault_injection import InjectedFailure
from orchestrator.toolkit.ledger import KeyCompensated
from orchestrator.toolkit.peers.peer import PeerRefused
from support.programs.effects import EffectRecord, amount, effect_key, ledger, member, record_key
from support.programs.messages import COMPENSATE_EFFECT, MAKE_EFFECT, CompensateEffect, MakeEffect
from support.programs.nodes import NOT_MADE, Effect, EffectFault, EffectKind, mix


def activities(dependencies: ActivityDependencies) -> Activities:
    """Return the activities of programs."""
    effects = Effects(dependencies)

    async def make_effect(_: WorkflowActivityContext, step: MakeEffect) -> int:
        """Make an effect, fail as the program says, and return the digest after it."""
        effect = step.effect
        record = await effects.record_attempt(step.root, effect)
        if record.compensated:
            raise NonRetryableError(f"{effect.name} was compensated")
        if fails_before(effect, record.attempts):
            raise failure(effect, record.attempts)
        await effects.make(step.root, effect)
        if fails_after(effect, record.attempts):
            raise failure(effect, record.attempts)
        return mix(step.digest, effect.id)

    async def compensate_effect(_: WorkflowActivityContext, step: CompensateEffect) -> bool:
        """Compensate an effect, and return whether there was any."""
        attempts = await effects.record_compensation_attempt(step.root, step.effect)
        if attempts <= step.effect.compensation_failures:
            raise InjectedFailure(f"compensation of {step.effect.name}, attempt {attempts}")
        return await effects.compensate(step.root, step.effect)

    return {MAKE_EFFECT: make_effect, COMPENSATE_EFFECT: compensate_effect}


class Effects:
    """The effects of programs at the services that record them."""

    def __init__(self, dependencies: ActivityDependencies) -> None:
        """Reach the services by the dependencies of activities."""
        self._dependencies = dependencies
        self._payments = ledger(dependencies.store)

    async def record_attempt(self, root: str, effect: Effect) -> EffectRecord:
        """Record an attempt, and that the effect is made where the attempt does not fail before."""

        def tried(record: EffectRecord) -> EffectRecord:
            attempts = record.attempts + 1
            made = not (record.compensated or fails_before(effect, attempts))
            return record.model_copy(update={"attempts": attempts, "made": record.made or made})

        return await self._update(root, effect, tried)

    async def record_compensation_attempt(self, root: str, effect: Effect) -> int:
        """Record an attempt at a compensation, and return how many there were."""

        def tried(record: EffectRecord) -> EffectRecord:
            attempts = record.compensation_attempts + 1
            return record.model_copy(update={"compensation_attempts": attempts})

        return (await self._update(root, effect, tried)).compensation_attempts

    async def make(self, root: str, effect: Effect) -> None:
        """Make an effect, once however often it is called.

        Raises:
            NonRetryableError: It was compensated, or the service refuses it.
        """
        key, person = effect_key(root, effect.name), member(root)
        try:
            match effect.kind:
                case EffectKind.PAYMENT:
                    await self._payments.take(key, root, amount(effect))
                case EffectKind.ASSIGNMENT:
                    assignment = AssignmentRequest(title=effect.name, assignee=person)
                    await self._dependencies.assigner.assign(key, assignment)
                case EffectKind.NOTIFICATION:
                    notification = NotificationRequest(
                        recipient=person, subject=effect.name, body="An effect of a program"
                    )
                    await self._dependencies.notifier.notify(key, notification)
        except (PeerRefused, KeyCompensated) as error:
            raise NonRetryableError(str(error)) from error

    async def compensate(self, root: str, effect: Effect) -> bool:
        """Compensate an effect, made or not, and return whether it was made."""
        key = effect_key(root, effect.name)
        if effect.kind is EffectKind.PAYMENT:
            await self._payments.compensate(key)
        elif effect.kind is EffectKind.ASSIGNMENT:
            await self._dependencies.assigner.release(key)
        record = await self._update(
            root, effect, lambda current: current.model_copy(update={"compensated": True})
        )
        return record.made

    async def _update(
        self, root: str, effect: Effect, change: Callable[[EffectRecord], EffectRecord]
    ) -> EffectRecord:
        key = record_key(root, effect.name)
        return await self._dependencies.store.update(
            key, EffectRecord, lambda record: change(record or EffectRecord())
        )


def fails_before(effect: Effect, attempt: int) -> bool:
    """Return whether an attempt fails before the effect."""
    if effect.fault is EffectFault.RETRIED:
        return attempt <= effect.failures
    return effect.fault in NOT_MADE


def fails_after(effect: Effect, attempt: int) -> bool:
    """Return whether an attempt fails after the effect."""
    if effect.fault is EffectFault.ANSWER_LOST:
        return attempt <= effect.failures
    return effect.fault is EffectFault.REFUSED_AFTER


def failure(effect: Effect, attempt: int) -> Exception:
    """Return what an attempt fails with."""
    message = f"injected failure: {effect.name}, attempt {attempt}"
    if effect.fault in (EffectFault.REFUSED, EffectFault.REFUSED_AFTER):
        return NonRetryableError(message)
    return InjectedFailure(message)
