"""`python -m support.fault_suite.mutants`: the suite must fail on each deliberate break."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from stack.options import ignore_report
from support.fault_suite.broken import BREAKS, commands
from support.fault_suite.outcome import Outcome, Settings
from support.fault_suite.run import run
from support.fault_suite.self_hosted import SelfHosted
from support.fault_suite.target import Fault

# What makes activities, starts and decisions happen more than once.
PROVOKING = (
    "kill -9 orchestrator",
    "kill -9 orchestrator-sidecar",
    "50 identical starts",
    "every answer lost",
)
ROUNDS = 2


def provoking(faults: list[Fault]) -> list[Fault]:
    """Return those of the faults that repeat what was done."""
    return [fault for fault in faults if fault.name in PROVOKING]


def first_problem(outcome: Outcome) -> str | None:
    """Return what the suite found first, with its invariant."""
    found = ((i, problems[0]) for i, problems in outcome.problems.found.items() if problems)
    return next((f"{invariant}: {problem}" for invariant, problem in found), None)


async def run_mutant(name: str, store: str, seed: int, rate: float) -> Outcome:
    """Make a short run of a broken system."""
    every = 5.0
    minutes = ROUNDS * len(PROVOKING) * every / 60
    settings = Settings(store, seed, minutes, rate, every, programs=0.1)
    with tempfile.TemporaryDirectory(prefix="taskway-mutant-") as folder:
        under_test = SelfHosted(store, Path(folder), commands(name))
        outcome, _ = await run(settings, under_test, ignore_report, provoking)
    return outcome


def main() -> int:
    """Run each mutant; return 0 where every one was noticed."""
    parser = argparse.ArgumentParser(prog="make faults-mutants", description=__doc__)
    parser.add_argument("--store", choices=["sqlite", "redis"], default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=3.0, help="instances that begin a second")
    parser.add_argument("--only", default="", help="a part of the names of those to run")
    options = parser.parse_args()
    survived = 0
    for name in BREAKS:
        if options.only in name:
            outcome = asyncio.run(run_mutant(name, options.store, options.seed, options.rate))
            problem = first_problem(outcome)
            survived += problem is None
            sys.stdout.write(f"{'survived' if problem is None else 'noticed':<10}{name}\n")
            sys.stdout.write(f"          {problem or 'NOTHING WAS FOUND WRONG'}\n")
            sys.stdout.flush()
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
