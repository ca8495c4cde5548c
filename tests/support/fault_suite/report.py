"""The report of a run: a table for the terminal, JSON, a timeline, and every call."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from support.fault_suite.client import Recorder
from support.fault_suite.outcome import Outcome
from support.fault_suite.timeline import draw_timeline

MOST_SHOWN = 20


def write(outcome: Outcome, recorder: Recorder, folder: Path) -> None:
    """Write `report.json`, `report.txt`, `timeline.svg` and `calls.jsonl` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    report = json.dumps(outcome.to_json(), indent=2)
    (folder / "report.json").write_text(report + "\n", encoding="utf-8")
    (folder / "report.txt").write_text("\n".join(table(outcome)) + "\n", encoding="utf-8")
    (folder / "timeline.svg").write_text(draw_timeline(outcome, recorder), encoding="utf-8")
    with (folder / "calls.jsonl").open("w", encoding="utf-8") as file:
        for call in recorder.calls:
            file.write(json.dumps(asdict(call)) + "\n")


def table(outcome: Outcome) -> Iterator[str]:
    """Yield the lines of the report for the terminal."""
    settings, load = outcome.settings, outcome.load()
    sums = {
        column: sum(counts[column] for counts in load.values())
        for column in ("begun", "accepted", "ended", "undone by a fault")
    }
    yield (
        f"{settings.minutes:g} min over {settings.store}, {settings.rate:g} instances/s, a fault "
        f"each {settings.every:g} s, seed {settings.seed}; {outcome.machine}"
    )
    if outcome.throughput is not None:
        yield f"{settings.rate:g}/s is {outcome.throughput}"
    yield ""
    yield f"{'load':<26}{'begun':>8}{'accepted':>10}{'ended':>8}{'undone by a fault':>20}"
    for name, counts in [*load.items(), ("all", sums)]:
        yield (
            f"{name:<26}{counts['begun']:>8}{counts['accepted']:>10}{counts['ended']:>8}"
            f"{counts['undone by a fault']:>20}"
        )
    yield ""
    yield f"{'fault':<26}{'hits':>8}{'missed':>10}{'in flight':>11}{'p50 s':>9}{'p99 s':>9}"
    for kind in outcome.kinds:
        p50, p99 = ("-" if p is None else f"{p:.1f}" for p in (kind.p50, kind.p99))
        yield (
            f"{kind.name:<26}{kind.hits:>8}{kind.missed:>10}{kind.in_flight:>11.1f}{p50:>9}{p99:>9}"
        )
    hits = sum(kind.hits for kind in outcome.kinds)
    yield f"{'all':<26}{hits:>8}  (p50 and p99: until a task begun after the fault has ended)"
    yield from (f"skipped: {fault} ({why})" for fault, why in outcome.skipped.items())
    yield ""
    answers = ", ".join(f"{n} of {s or 'no answer'}" for s, n in sorted(outcome.calls.items()))
    yield f"calls: {answers}; {outcome.lost_answers} answers thrown away"
    attempts = ", ".join(f"{name} {count}" for name, count in sorted(outcome.attempts.items()))
    yield f"attempts at the receivers, at least: {attempts}; effects: {outcome.effects}"
    yield f"held back for too many open instances: {outcome.held_back}"
    jobs = "could not be read" if outcome.jobs is None else str(outcome.jobs)
    yield f"pending jobs that remove what has ended: {jobs}"
    before, after = outcome.memory
    yield "memory in MiB: " + ", ".join(
        f"{name} {before[name]:g} → {after[name]:g}" for name in after if name in before
    )
    yield ""
    for invariant, problems in outcome.problems.found.items():
        yield f"{'BROKEN' if problems else 'holds':<8}{invariant}"
        yield from (f"        {problem}" for problem in problems[:MOST_SHOWN])
        if len(problems) > MOST_SHOWN:
            yield f"        and {len(problems) - MOST_SHOWN} more: see report.json"
    yield from (f"BROKEN  a process came back: {failed}" for failed in outcome.failed_hits)
