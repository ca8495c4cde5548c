"""`python -m support.fault_suite.mutants`: the suite must fail on each deliberate break.

And on nothing else: each of its runs is made without a break as well.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from stack.options import ignore_report
from support.fault_suite.broken import BREAKS, commands
from support.fault_suite.outcome import Outcome
from support.fault_suite.run import run
from support.fault_suite.self_hosted import NO_COMMANDS, SelfHosted
from support.fault_suite.trials import TRIALS, Trial


def first_problem(outcome: Outcome) -> str | None:
    """Return what the suite found first, with its invariant."""
    found = ((i, problems[0]) for i, problems in outcome.problems.found.items() if problems)
    return next((f"{invariant}: {problem}" for invariant, problem in found), None)


async def run_trial(
    trial: Trial, options: argparse.Namespace, replaced: Mapping[str, Sequence[str]] = NO_COMMANDS
) -> Outcome:
    """Make a short run, where services may be replaced by broken ones."""
    with tempfile.TemporaryDirectory(prefix="taskway-mutant-") as folder:
        under_test = SelfHosted(options.store, Path(folder), replaced, trial.env())
        settings = trial.settings(options.store, options.seed, options.rate)
        outcome, _ = await run(settings, under_test, ignore_report, trial.choose, trial.mix)
    return outcome


def say(verdict: str, name: str, began: float, detail: str) -> None:
    """Print how a run ended."""
    seconds = time.monotonic() - began
    sys.stdout.write(f"{verdict:<10}{name} ({seconds:.0f} s)\n          {detail}\n")
    sys.stdout.flush()


async def run_unbroken(trial: Trial, options: argparse.Namespace) -> bool:
    """Make a run without a break; return whether everything held."""
    began = time.monotonic()
    outcome = await run_trial(trial, options)
    problem = first_problem(outcome) or next(iter(outcome.failed_hits), None)
    say("broken" if problem else "holds", unbroken_name(trial), began, problem or "")
    return problem is None


async def run_mutant(name: str, options: argparse.Namespace) -> bool:
    """Make a run with a break; return whether it was noticed."""
    began = time.monotonic()
    problem = first_problem(await run_trial(BREAKS[name].trial, options, commands(name)))
    verdict = "survived" if problem is None else "noticed"
    say(verdict, name, began, problem or "NOTHING WAS FOUND WRONG")
    return problem is not None


def unbroken_name(trial: Trial) -> str:
    """Return what a run without a break is called."""
    return f"nothing broken: {trial.name}"


async def run_all(options: argparse.Namespace) -> bool:
    """Make the runs, some at once; return whether each ended as it should."""
    slots = asyncio.Semaphore(options.at_once)

    async def in_turn(one: Callable[[], Awaitable[bool]]) -> bool:
        async with slots:
            return await one()

    unbroken = [trial for trial in TRIALS if options.only in unbroken_name(trial)]
    broken = [name for name in BREAKS if options.only in name]
    runs = [
        *(partial(run_unbroken, trial, options) for trial in unbroken),
        *(partial(run_mutant, name, options) for name in broken),
    ]
    return all(await asyncio.gather(*(in_turn(one) for one in runs)))


def main() -> int:
    """Run each mutant; return 0 where every one was noticed, and nothing else was."""
    parser = argparse.ArgumentParser(prog="make faults-mutants", description=__doc__)
    parser.add_argument("--store", choices=["sqlite", "redis"], default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=3.0, help="instances that begin a second")
    parser.add_argument("--only", default="", help="a part of the names of those to run")
    parser.add_argument("--at-once", type=int, default=2, help="runs at the same time")
    return 0 if asyncio.run(run_all(parser.parse_args())) else 1


if __name__ == "__main__":
    sys.exit(main())
