"""A run: a system, a load, faults; then everything is checked from outside."""

import asyncio
import os
import platform
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from random import Random
from typing import TypeVar

from support.fault_suite.attempts import Attempts
from support.fault_suite.cases import Make
from support.fault_suite.client import ANSWER_WITHIN, Client, Recorder, connect_client
from support.fault_suite.explained import check_undone
from support.fault_suite.fault import Fault, LoadTarget, drawn
from support.fault_suite.invariants import (
    ADDS_UP,
    ENDS,
    NOTHING_LEFT,
    Opening,
    Problems,
    check_instances,
    check_ledgers,
    check_reads,
)
from support.fault_suite.ledgers import read_ledgers
from support.fault_suite.leftovers import unexpected
from support.fault_suite.load import Load
from support.fault_suite.mix import MIX
from support.fault_suite.outcome import Outcome, Settings
from support.fault_suite.people import People
from support.fault_suite.programs import Programs
from support.fault_suite.schedule import Injector
from support.fault_suite.throughput import measure
from support.fault_suite.under_test import UnderTest
from support.system import System, eventually

T = TypeVar("T", bound=LoadTarget)

# From the end of the last fault: what was accepted must have ended by then.
ENDS_WITHIN = 120.0
CALM_SECONDS = 6.0
"""Of load before the first fault, so that the first one hits work in flight."""

Choose = Callable[[list[Fault[T]]], list[Fault[T]]]


async def run(
    settings: Settings,
    under_test: UnderTest[T],
    report: Callable[[str], None],
    choose: Choose[T] = list,
    mix: Mapping[Make, int] = MIX,
) -> tuple[Outcome, Recorder]:
    """Make a run, and return what it has shown.

    Args:
        settings: How.
        under_test: Where.
        report: Takes a line on each phase, for people.
        choose: Chooses among the faults; all by default.
        mix: How often each case occurs.
    """
    random, recorder = Random(settings.seed), Recorder()
    faults, rare = choose(under_test.faults()), choose(under_test.rare_faults())
    people = People(under_test.run_name(settings.seed))
    async with AsyncExitStack() as resources:
        enter = resources.enter_async_context
        access = await enter(under_test.opened([*faults, *rare]))
        faults = [fault for fault in faults if fault.name not in access.skipped]
        system = access.system
        client = await enter(connect_client(access.url, recorder, keep_alive=access.keep_alive))
        before = await read_ledgers(system, people)
        opening, memory = Opening(before.stock, before.wallets), await under_test.memory_mib()
        removed = settings.kept_seconds is not None
        load = Load(client, recorder, people, random, access.web, mix=mix, removed=removed)
        programs = Programs(system, recorder, settings.seed, people.run)
        # Their own source of chance: how the load is drawn must not change the faults.
        chance = Random(settings.seed)
        target = under_test.target(load, client)
        injector = Injector(target, recorder, drawn(faults, rare, chance))
        attempts = Attempts(system)
        measured = Load(client, recorder, people, Random(settings.seed), access.web, prefix="m")
        throughput = None
        if not settings.rate:
            report(f"seed {settings.seed}: measuring the top throughput")
            async with programs.applied(settings.programs):
                throughput = await measure(measured, recorder)
            settings = replace(settings, rate=throughput.rate)

        report(f"seed {settings.seed}: {settings.rate:g} instances/s, {settings.minutes:g} min")
        async with attempts.counting():
            async with load.applied(settings.rate), programs.applied(settings.programs):
                await _calm(recorder, load)
                await injector.run(settings.faults, settings.every)
            report(f"{len(injector.hits)} faults; {load.in_flight().total()} in flight")
            await asyncio.gather(load.drain(ENDS_WITHIN), programs.drain(ENDS_WITHIN))
        report("checking")
        await under_test.wait_ready()
        problems = Problems()
        instances = [*measured.instances, *load.instances]
        outcome = Outcome(settings, _machine(), injector.hits, instances, problems)
        await check(outcome, system, client, recorder, people, opening)
        check_undone(instances, injector.hits, problems)
        await _check_programs(outcome, programs)
        await _check_leftovers(outcome, under_test, memory)
        outcome.throughput = throughput
        outcome.attempts, outcome.lost_answers = attempts.counted, client.lost
        outcome.held_back, outcome.skipped = load.held_back, dict(access.skipped)
        outcome.calls = Counter(call.status or 0 for call in recorder.calls)
        return outcome, recorder


async def check(
    outcome: Outcome,
    system: System,
    client: Client,
    recorder: Recorder,
    people: People,
    opening: Opening,
) -> None:
    """Check what the instances, their ledgers and their records show."""
    check_instances(outcome.instances, recorder, outcome.problems)
    ledgers = await read_ledgers(system, people)
    outcome.effects = ledgers.effects
    check_ledgers(outcome.instances, ledgers, opening, outcome.problems)
    await check_reads(outcome.instances, client, outcome.problems)


async def _check_programs(outcome: Outcome, programs: Programs) -> None:
    outcome.problems.add(ENDS, *programs.unfinished())
    outcome.problems.add(ADDS_UP, *await programs.differences())
    outcome.programs = {
        "begun": len(programs.runs),
        "accepted": sum(run.accepted for run in programs.runs),
        "ended": sum(run.ended is not None for run in programs.runs),
    }


async def _check_leftovers(
    outcome: Outcome, under_test: UnderTest[T], before: dict[str, float]
) -> None:
    ids = [instance.id for instance in outcome.instances if instance.ended is not None]
    left: list[str] = []

    async def none_left() -> list[str] | None:
        nonlocal left
        jobs = await under_test.pending_jobs()
        if jobs is None:
            return []  # There is no way to read them, and the report says so.
        left, outcome.jobs = unexpected(jobs, ids), len(jobs)
        return None if left else jobs

    try:
        # The last of an instance is removed after its end was seen.
        await eventually(none_left, "no job to be pending", within=30)
    except AssertionError:
        outcome.problems.add(NOTHING_LEFT, *(f"pending: {job}" for job in left))
    outcome.memory = (before, await under_test.memory_mib())


async def _calm(recorder: Recorder, load: Load) -> None:
    until = recorder.now() + CALM_SECONDS

    async def worked() -> bool | None:
        ended = any(instance.ended is not None for instance in load.instances)
        return True if ended and recorder.now() > until else None

    await eventually(worked, "an instance to end before the first fault", within=ANSWER_WITHIN)


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
