"""The faults of a stack: each returns once it is over, and what it hit is ready again."""

import asyncio
import os
import signal

from stack import Stack
from support.fault_suite.client_faults import client_faults
from support.fault_suite.fault import Missed
from support.fault_suite.links import link_names
from support.fault_suite.scheduler_faults import full_disk, wipe
from support.fault_suite.store_faults import store_faults
from support.fault_suite.target import Fault, Target

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
    "postgresql",
)
SERVERS = frozenset({"redis", "postgresql"})
# The order of a start: what the others need to become ready comes first.
FIRST = (*SERVERS, "placement", "scheduler")
# What the orchestrator reaches its store by.
STORE_PARTS = ("orchestrator-sidecar", *SERVERS)
SUSPENDED_SECONDS, LONG_SECONDS = 5.0, 30.0
CUT_SECONDS, SLOW_SECONDS = 4.0, 8.0
SLOW_BY = 0.2


def all_faults(store: str) -> list[Fault]:
    """Return every fault that a stack over `store` can have."""
    processes = [name for name in PROCESSES if name not in SERVERS or name == store]
    faults = [_kill(name) for name in processes]
    faults += [_suspend(name, SUSPENDED_SECONDS) for name in processes]
    faults += [_cut(name) for name in link_names(store)]
    faults += [_slow(name) for name in link_names(store) if name.endswith("redis")]
    faults += [
        _stop("scheduler"),
        _stop("orchestrator"),
        _power_cut(processes),
        *client_faults(),
        wipe(),
        full_disk(),
        *store_faults(store),
    ]
    return faults


def long_faults(store: str) -> list[Fault]:
    """Return those that take long, of which a run has few."""
    names = ["orchestrator-sidecar", "notifier", "scheduler"]
    over_redis = ["redis"] if store == "redis" else []
    return [_suspend(name, LONG_SECONDS) for name in names + over_redis]


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

    takes = name in STORE_PARTS
    return Fault(f"kill -9 {name}", "kill -9", frozenset({name}), inject, takes_store=takes)


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

    return Fault("power cut", "power cut", frozenset(names), inject, takes_store=True)


def _suspend(name: str, seconds: float) -> Fault:
    async def inject(target: Target) -> None:
        pid = target.stack.pid(name)
        try:
            os.kill(pid, signal.SIGSTOP)
            try:
                await asyncio.sleep(seconds)
            finally:
                os.kill(pid, signal.SIGCONT)
        except ProcessLookupError as error:
            # It has ended by itself, such as a sidecar that does not find its store.
            raise Missed from error
        await target.stack.wait_ready(name)

    kind = f"SIGSTOP {seconds:g} s"
    return Fault(f"{kind} {name}", kind, frozenset({name}), inject, takes_store=name in STORE_PARTS)


def _cut(name: str) -> Fault:
    async def inject(target: Target) -> None:
        async with target.links.all()[name].cut():
            await asyncio.sleep(CUT_SECONDS)

    takes = name.startswith("orchestrator")
    return Fault(f"cut {name}", "cut connection", _ends(name), inject, link=name, takes_store=takes)


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
