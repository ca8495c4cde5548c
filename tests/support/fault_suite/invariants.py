"""What must hold after every run, checked from outside."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from support.fault_suite.client import Client, Recorder
from support.fault_suite.decisions import decision_problems
from support.fault_suite.instance import Instance
from support.fault_suite.ledgers import Ledgers

ENDS = "every accepted request ends"
ONCE = "each effect once"
ADDS_UP = "completed has all effects, and else none"
STAYS = "no status goes backwards, an answer stays, decisions are linearizable"
NOTHING_LEFT = "no work is left over"
ANSWERED = "every call is answered in time: success, or try again"
ALL = (ENDS, ONCE, ADDS_UP, STAYS, NOTHING_LEFT, ANSWERED)

# How many instances are read at once.
AT_ONCE = 8


@dataclass(frozen=True)
class Opening:
    """What the shop had before the load.

    Args:
        stock: How many pencils.
        wallets: What each customer had.
    """

    stock: int
    wallets: Mapping[str, int]


class Problems:
    """What is wrong, by invariant."""

    def __init__(self) -> None:
        """Begin with nothing wrong."""
        self.found: dict[str, list[str]] = {invariant: [] for invariant in ALL}

    def add(self, invariant: str, *problems: str) -> None:
        """Add what breaks an invariant."""
        self.found[invariant] += problems

    @property
    def any(self) -> bool:
        """Whether an invariant is broken."""
        return any(self.found.values())


def check_instances(instances: list[Instance], recorder: Recorder, problems: Problems) -> None:
    """Check what was seen of each instance while it ran."""
    for instance in instances:
        problems.add(STAYS, *(f"{instance.id or instance.name}: {w}" for w in instance.wrong))
        if instance.ended is None and not instance.wrong:
            state = instance.state.get("status", "never accepted")
            what = f"{instance.id or instance.name} ({instance.case.kind})"
            problems.add(ENDS, f"{what}: {state} at {instance.step or 'no step'}")
        elif instance.ended is not None:
            problems.add(ADDS_UP, *_ending(instance))
    problems.add(STAYS, *decision_problems(instances, recorder.calls))
    problems.add(ANSWERED, *recorder.wrong)


def check_ledgers(
    instances: list[Instance], ledgers: Ledgers, opening: Opening, problems: Problems
) -> None:
    """Check what the receiving services have, against what the instances say."""
    by_id = {instance.id: instance for instance in instances if instance.id}
    for key, count in _counted(ledgers):
        if count > 1:
            problems.add(ONCE, f"{key} exists {count} times")
    for name, instance in by_id.items():
        if instance.ended is not None:
            for problem in _effects(instance, ledgers):
                problems.add(ADDS_UP, f"{name} ({instance.case.kind}): {problem}")
    problems.add(ADDS_UP, *ledgers.miscounted)
    problems.add(ADDS_UP, *_shop(list(by_id.values()), ledgers, opening))


async def check_reads(instances: list[Instance], client: Client, problems: Problems) -> None:
    """Read what the instances' own records show, and their status once more."""
    free = asyncio.Semaphore(AT_ONCE)

    async def check(instance: Instance) -> None:
        async with free:
            await _check_reads(instance, client, problems)

    await asyncio.gather(*(check(i) for i in instances if i.ended is not None))


async def _check_reads(instance: Instance, client: Client, problems: Problems) -> None:
    before = len(instance.wrong)
    await instance.see_again(client)
    problems.add(STAYS, *(f"{instance.id}: {w}" for w in instance.wrong[before:]))
    reached = reached_its_aim(instance)
    for read in instance.case.reads:
        path = read.path.format(instance.id)
        answer = await client.persist(instance.name, "GET", path, allowed=(404, 409))
        body = answer.json()
        if not read.right(answer.status_code, body, reached):
            found = f"{answer.status_code} {str(body)[:200]}"
            problems.add(ADDS_UP, f"{instance.id}: {read.what} is wrong: {found}")


def reached_its_aim(instance: Instance) -> bool:
    """Return whether an instance ended as it would without a fault."""
    return instance.outcome == instance.expected()


def _ending(instance: Instance) -> Iterator[str]:
    status, outcome = instance.state["status"], instance.outcome
    allowed = {instance.expected(), *instance.case.undone}
    if status != "COMPLETED" or outcome not in allowed:
        message = str(instance.state.get("error") or instance.state.get("output"))[:200]
        yield f"{instance.id} ({instance.case.kind}): {status} {outcome}, {message}"


def _counted(ledgers: Ledgers) -> Iterator[tuple[str, int]]:
    for name, assignments in ledgers.assignments.items():
        for step, entries in assignments.items():
            yield f"the assignment {name}:{step}", len(entries)
    for name, messages in ledgers.notifications.items():
        for step, count in messages.items():
            yield f"the notification {name}:{step}", count


def _effects(instance: Instance, ledgers: Ledgers) -> Iterator[str]:
    case = instance.case
    assignments = {step: e[0] for step, e in ledgers.assignments.get(instance.id, {}).items()}
    notifications = set(ledgers.notifications.get(instance.id, {}))
    if instance.outcome in case.undone:
        held = [step for step, status in assignments.items() if status != "released"]
        if held:
            yield f"{instance.outcome}, and {held} not released"
        if more := notifications - {*case.unrecallable, *case.effects.notifications}:
            yield f"{instance.outcome}, and notified {sorted(more)}"
        return
    if assignments != case.effects.assignments:
        yield f"{instance.outcome} with {assignments}, and not {dict(case.effects.assignments)}"
    if notifications != set(case.effects.notifications):
        missing = set(case.effects.notifications) - notifications
        more = notifications - set(case.effects.notifications)
        yield f"{instance.outcome}: notifications missing {missing or '-'}, too many {more or '-'}"


def _shop(instances: list[Instance], ledgers: Ledgers, opening: Opening) -> Iterator[str]:
    """Check the sums, where every order has ended."""
    orders = [instance for instance in instances if instance.case.customer]
    if any(order.ended is None for order in orders):
        return
    pencils, charged = 0, defaultdict[str, int](int)
    for order in orders:
        if order.outcome == "completed":
            pencils += order.case.effects.pencils
            charged[order.case.customer or ""] += order.case.effects.charged
    if ledgers.stock != opening.stock - pencils:
        yield f"the stock is {ledgers.stock}, and not {opening.stock} - {pencils}"
    for customer, before in opening.wallets.items():
        now = ledgers.wallets[customer]
        if now != before - charged[customer]:
            yield f"{customer} has {now}, and not {before} - {charged[customer]}"
