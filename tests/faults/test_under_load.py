"""A slice of the fault suite: whatever fails under a mixed load, nothing is lost or done twice.

`make faults` makes a longer run of it, with every fault and over either store.
"""

from pathlib import Path

from stack.options import ignore_report
from support.fault_suite.outcome import Settings
from support.fault_suite.report import table
from support.fault_suite.run import run
from support.fault_suite.self_hosted import SelfHosted
from support.fault_suite.target import Fault
from support.stacks import require_store

# Each of them once, in an order that the seed draws.
SLICE = (
    "kill -9 orchestrator",
    "kill -9 assigner",
    "kill -9 notifier-sidecar",
    "50 identical starts",
    "kill -9 orchestrator-sidecar",
    "kill -9 notifier",
    "cut orchestrator-sidecar to redis",
    "kill -9 redis",
    "every answer lost",
    "SIGSTOP 5 s orchestrator-sidecar",
    "kill -9 assigner-sidecar",
    "SIGTERM scheduler",
    "kill -9 placement",
    "power cut",
)
SETTINGS = Settings(
    store="redis", seed=15, minutes=len(SLICE) * 4 / 60, rate=1.0, every=4.0, programs=0.2
)


def of_the_slice(faults: list[Fault]) -> list[Fault]:
    return [fault for fault in faults if fault.name in SLICE]


async def test_nothing_is_lost_and_nothing_happens_twice(tmp_path: Path) -> None:
    require_store("redis")
    under_test = SelfHosted(SETTINGS.store, tmp_path)
    outcome, _ = await run(SETTINGS, under_test, ignore_report, of_the_slice)
    report = "\n".join(table(outcome))
    assert outcome.holds, report
    assert {hit.fault.name for hit in outcome.hits if hit.proved} == set(SLICE), report
    assert outcome.programs["ended"] > 0, report
