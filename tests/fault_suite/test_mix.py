"""The load and the faults are drawn by a seed, which repeats them."""

from collections import Counter
from random import Random

from orchestrator.workflows.registrations import WORKFLOWS
from support.fault_suite.case import Case
from support.fault_suite.cases import Making
from support.fault_suite.fault import Fault, LoadTarget, drawn
from support.fault_suite.figures import percentile
from support.fault_suite.mix import MIX, draw
from support.fault_suite.people import People

PEOPLE = People("x")


def cases(seed: int, count: int) -> list[Case]:
    random = Random(seed)
    return [draw(Making(f"x-{i}", PEOPLE, random, "http://127.0.0.1/")) for i in range(count)]


async def nothing(_: object) -> None:
    return None


def fault(name: str) -> Fault[LoadTarget]:
    return Fault(name, "kind", frozenset(), nothing)


def test_a_seed_repeats_the_load() -> None:
    requests = [(case.kind, case.request) for case in cases(7, 100)]
    assert requests == [(case.kind, case.request) for case in cases(7, 100)]
    assert requests != [(case.kind, case.request) for case in cases(8, 100)]


def test_the_load_has_every_workflow_and_every_case() -> None:
    drawn_cases = cases(1, 1_000)
    assert {case.path for case in drawn_cases} == {w.definition.path for w in WORKFLOWS}
    assert len({case.kind for case in drawn_cases}) == len(MIX)


def test_every_request_is_one_of_its_workflow() -> None:
    models = {w.definition.path: w.definition.input for w in WORKFLOWS}
    for case in cases(2, 300):
        models[case.path].model_validate(case.request)


def test_each_fault_is_drawn_as_often_as_any_other_and_in_another_order() -> None:
    faults, rare = [fault(f"f{i}") for i in range(9)], [fault("r1"), fault("r2")]
    source = drawn(faults, rare, Random(1))
    names = [next(source).name for _ in range(100)]
    counts = Counter(names)
    assert {counts[f.name] for f in faults} == {10}
    assert counts["r1"] + counts["r2"] == 10
    assert names[:10] != names[10:20]
    again = drawn(faults, rare, Random(1))
    assert names == [next(again).name for _ in range(100)]


def test_a_run_can_do_without_rare_faults() -> None:
    source = drawn([fault("f")], [], Random(1))
    assert [next(source).name for _ in range(2)] == ["f", "f"]


def test_percentiles_are_values_that_occurred() -> None:
    values = [float(v) for v in range(1, 101)]
    assert (percentile(values, 0.5), percentile(values, 0.99)) == (50.0, 99.0)
    assert percentile([3.0], 0.99) == 3.0
    assert percentile([], 0.5) is None
