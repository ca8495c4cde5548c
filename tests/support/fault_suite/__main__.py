"""`python -m support.fault_suite`: a run with its report; the exit code says whether all held."""

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path
from random import SystemRandom

from support.fault_suite.cluster.under_test import Cluster
from support.fault_suite.outcome import Settings
from support.fault_suite.report import table, write
from support.fault_suite.run import run
from support.fault_suite.self_hosted import SelfHosted

MOST_SEEDS = 1_000_000


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(prog="python -m support.fault_suite", description=__doc__)
    parser.add_argument("--target", choices=["self-hosted", "kind"], default="self-hosted")
    parser.add_argument("--store", choices=["sqlite", "redis"], default="sqlite")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, help="repeats the choices of a run")
    parser.add_argument(
        "--rate", type=float, default=0.0, help="instances that begin a second; 0 for a share"
    )
    parser.add_argument("--programs", type=float, default=0.3, help="random programs a second")
    parser.add_argument("--every", type=float, default=4.0, help="seconds between two faults")
    parser.add_argument("--report", type=Path, default=Path(".run/faults"), help="a directory")
    return parser.parse_args(arguments)


def main() -> int:
    """Make a run; return 0 where every invariant held."""
    options = parse(sys.argv[1:])
    seed = SystemRandom().randrange(MOST_SEEDS) if options.seed is None else options.seed
    in_cluster = options.target == "kind"
    store = "redis in a Kind cluster" if in_cluster else options.store
    settings = Settings(store, seed, options.minutes, options.rate, options.every, options.programs)

    def report(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    with tempfile.TemporaryDirectory(prefix="taskway-faults-") as folder:
        # Kept where it is named: its logs are what one looks at after a failure.
        run_dir = Path(os.environ.get("RUN_DIR") or folder)
        if in_cluster:
            outcome, recorder = asyncio.run(run(settings, Cluster(), report))
        else:
            under_test = SelfHosted(options.store, run_dir)
            outcome, recorder = asyncio.run(run(settings, under_test, report))
    write(outcome, recorder, options.report)
    report("\n".join(table(outcome)))
    report(f"\n{options.report}: report.json, report.txt, timeline.svg, calls.jsonl")
    return 0 if outcome.holds else 1


if __name__ == "__main__":
    sys.exit(main())
