"""The faults: each returns once it is over, and the processes that it hit are ready again."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from stack import Stack
from support.fault_suite.client import Client
from support.fault_suite.links import Links, link_names
from support.fault_suite.load import Load

PROCESSES = (
    "orchestrator",
    "orchestrator-sidecar",
    "assigner",
    "assigner-sidecar",
    "notifier",
    "notifier-sidecar",
    "placement",
    "scheduler",
    "redis",
)
# The order of a start: what the others need to become ready comes first.
FIRST = ("redis", "placement", "scheduler")
SUSPENDED_SECONDS, LONG_SECONDS = 5.0, 30.0
CUT_SECONDS, SLOW_SECONDS, LOST_SECONDS = 4.0, 8.0, 6.0
SLOW_BY = 0.2
IDENTICAL = 50


@dataclass(frozen=True)
class Target:
    """What faults are made in."""

    stack: Stack
    links: Links
    load: Load
    client: Client


@dataclass(frozen=True)
class Fault:
    """A kind of fault.

    Args:
        name: Its name in the report.
        kind: What it is one of, for the figures by kind.
        victims: The processes that it makes unusable: never two faults at once on one of them.
        link: The connection that it is on, if any.
        inject: Makes it, and returns when it is over.
    """

    name: str
    kind: str
    victims: frozenset[str]
    inject: Callable[[Target], Awaitable[None]] = field(repr=False)
    link: str | None = None


def all_faults(store: str) -> list[Fault]:
    """Return every fault that a stack over `store` can have."""
    processes = [name for name in PROCESSES if name != "redis" or store == "redis"]
    faults = [_kill(name) for name in processes]
    faults += [_suspend(name, SUSPENDED_SECONDS) for name in processes]
    faults += [_cut(name) for name in link_names(store)]
    faults += [_slow(name) for name in link_names(store) if name.endswith("redis")]
    faults += [
        _stop("scheduler"),
        _stop("orchestrator"),
        _power_cut(processes),
        Fault("50 identical starts", "identical starts", frozenset(), _identical_starts),
        Fault("every answer lost", "lost answers", frozenset(), _lose_answers),
    ]
    return faults


def long_faults(store: str) -> list[Fault]:
    """Return those that take long, of which a run has few."""
    names = ["orchestrator-sidecar", "notifier", "scheduler"]
    over_redis = ["redis"] if store == "redis" else []
    return [_suspend(name, LONG_SECONDS) for name in names + over_redis]


def drawn(faults: list[Fault], rare: list[Fault], random: Random) -> Iterator[Fault]:
    """Yield faults without an end: each as often as any other, and few of the rare ones."""
    while True:
        # One of the rare ones in each round, for a suspension of 30 s holds up much of it.
        bag = [*faults, *random.sample(rare, min(1, len(rare)))]
        random.shuffle(bag)
        yield from bag


async def restart(stack: Stack, names: list[str]) -> None:
    """Start processes that were ended, and return once the whole stack is ready."""
    for name in sorted(names, key=lambda name: name not in FIRST):
        if name not in FIRST:
            await asyncio.gather(*(stack.wait_ready(base) for base in FIRST if stack.has(base)))
        await stack.start(name)
    await stack.wait_ready(None)


def _kill(name: str) -> Fault:
    async def inject(target: Target) -> None:
        await target.stack.kill(name)
        await target.stack.start(name)
        await target.stack.wait_ready(name)

    return Fault(f"kill -9 {name}", "kill -9", frozenset({name}), inject)


def _stop(name: str) -> Fault:
    async def inject(target: Target) -> None:
        await target.stack.terminate(name)
        await target.stack.start(name)
        await target.stack.wait_ready(name)

    return Fault(f"SIGTERM {name}", "SIGTERM", frozenset({name}), inject)


def _power_cut(names: list[str]) -> Fault:
    async def inject(target: Target) -> None:
        await asyncio.gather(*(target.stack.kill(name) for name in names))
        await restart(target.stack, names)

    return Fault("power cut", "power cut", frozenset(names), inject)


def _suspend(name: str, seconds: float) -> Fault:
    async def inject(target: Target) -> None:
        pid = target.stack.pid(name)
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            os.kill(pid, signal.SIGCONT)
        await target.stack.wait_ready(name)

    kind = f"SIGSTOP {seconds:g} s"
    return Fault(f"{kind} {name}", kind, frozenset({name}), inject)


def _cut(name: str) -> Fault:
    async def inject(target: Target) -> None:
        async with target.links.all()[name].cut():
            await asyncio.sleep(CUT_SECONDS)

    return Fault(f"cut {name}", "cut connection", _ends(name), inject, link=name)


def _slow(name: str) -> Fault:
    async def inject(target: Target) -> None:
        proxy = target.links.all()[name]
        proxy.delay = SLOW_BY
        try:
            await asyncio.sleep(SLOW_SECONDS)
        finally:
            proxy.delay = 0.0

    return Fault(f"+200 ms {name}", "slow store", _ends(name), inject, link=name)


def _ends(link: str) -> frozenset[str]:
    """Return the process whose connection it is: it must not start while it cannot connect."""
    return frozenset({link.partition(" to ")[0]})


async def _identical_starts(target: Target) -> None:
    instance = target.load.begin()
    body, path = dict(instance.case.request), instance.case.path
    answers = await asyncio.gather(
        *(target.client.persist(instance.name, "POST", path, body) for _ in range(IDENTICAL))
    )
    ids = {answer.json()["instance_id"] for answer in answers}
    if len(ids) != 1:
        instance.wrong.append(f"{IDENTICAL} identical starts made {ids}")


async def _lose_answers(target: Target) -> None:
    target.client.lose_answers = True
    try:
        await asyncio.sleep(LOST_SECONDS)
    finally:
        target.client.lose_answers = False
