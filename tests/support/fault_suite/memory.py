"""`python -m support.fault_suite.memory`: rounds of the same load, and the memory after each.

There are no faults: a process that is started anew shows nothing. What has ended is removed soon,
so that nothing is kept that is to be kept.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random

from support.fault_suite.client import Recorder, connect_client
from support.fault_suite.growth import LEAST_ROUNDS, growing
from support.fault_suite.load import Load
from support.fault_suite.people import People
from support.fault_suite.self_hosted import SelfHosted
from support.stacks import kept_for
from support.system import System, eventually

ROUND, OPEN = 60, 16
"""Instances of a round, and how many are under way at once."""
KEPT_SECONDS = 5.0
STORES = ("redis",)
"""Their memory is what they have to keep, such as a record of each start for 120 days."""
QUIET_WITHIN, QUIET_SECONDS = 120.0, 5.0


async def rounds_of(
    count: int, store: str, seed: int, run_dir: Path, report: Callable[[str], None]
) -> list[dict[str, float]]:
    """Run rounds of load; return the MiB of each process after each.

    Args:
        count: How many.
        store: The stack's store.
        seed: Draws the load.
        run_dir: The stack's data and logs.
        report: Takes a line on each round, for people.
    """
    recorder, memory = Recorder(), list[dict[str, float]]()
    under_test = SelfHosted(store, run_dir, env={"orchestrator": kept_for(KEPT_SECONDS)})
    async with (
        under_test.opened([]) as access,
        connect_client(access.url, recorder) as client,
    ):
        people = People(under_test.run_name(seed))
        load = Load(client, recorder, people, Random(seed), access.web)
        for number in range(1, count + 1):
            await _round(load)
            await _quiet(access.system)
            used = await under_test.memory_mib()
            memory.append({name: mib for name, mib in used.items() if name not in STORES})
            # Nothing reads them here, and this process is on the same machine.
            recorder.calls.clear()
            report(f"round {number}: {', '.join(f'{n} {m:g}' for n, m in memory[-1].items())}")
    return memory


async def _round(load: Load) -> None:
    """Run a round's instances to their end."""
    due = len(load.instances) + ROUND

    async def one_after_another() -> None:
        while len(load.instances) < due:
            await load.begin_and_wait()

    await asyncio.gather(*(one_after_another() for _ in range(OPEN)))


async def _quiet(system: System) -> None:
    """Wait until what has ended is removed."""

    async def nothing_kept() -> bool | None:
        counts = (await system.orchestrator.get("/instances/summary")).json()["by_status"]
        return True if not sum(counts.values()) else None

    await eventually(nothing_kept, "what has ended to be removed", within=QUIET_WITHIN)
    await asyncio.sleep(QUIET_SECONDS)


def main() -> int:
    """Run rounds; return 0 where no process's memory grows after the warm-up."""
    parser = argparse.ArgumentParser(prog="make faults-memory", description=__doc__)
    parser.add_argument("--store", choices=["sqlite", "redis"], default="sqlite")
    parser.add_argument("--rounds", type=int, default=2 * LEAST_ROUNDS)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    def report(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    with tempfile.TemporaryDirectory(prefix="taskway-memory-") as folder:
        run_dir = Path(os.environ.get("RUN_DIR") or folder)
        rounds = asyncio.run(
            rounds_of(options.rounds, options.store, options.seed, run_dir, report)
        )
    found = list(growing(rounds))
    report("\n".join(found) or f"the same memory after {len(rounds)} rounds of {ROUND} instances")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
