"""What was undone is a failure of the run, unless a fault was on the store of its own steps."""

from collections import Counter

import pytest

from support.fault_suite.case import Case
from support.fault_suite.explained import AFTER_SECONDS, check_undone
from support.fault_suite.fault import Fault
from support.fault_suite.instance import Instance
from support.fault_suite.invariants import ADDS_UP, Problems
from support.fault_suite.schedule import Hit


async def nothing(_: object) -> None:
    return None


def hit(began: float, ended: float | None, *, takes_store: bool = True) -> Hit:
    fault = Fault("f", "kind", frozenset(), nothing, takes_store=takes_store)
    return Hit(fault, began, Counter(), ended)


def instance(outcome: str) -> Instance:
    case = Case("order: completed", "/orders", {}, "completed", undone=frozenset({"compensated"}))
    state = {"status": "COMPLETED", "output": {"status": outcome}}
    return Instance("o-1", case, asked=10, accepted=11, ended=20, id="order-o-1", state=state)


def problems(outcome: str, *hits: Hit) -> list[str]:
    found = Problems()
    check_undone([instance(outcome)], hits, found)
    return found.found[ADDS_UP]


def test_what_reached_its_aim_needs_no_explanation() -> None:
    assert problems("completed") == []


@pytest.mark.parametrize(
    "explaining", [hit(12, 13), hit(1, 10.5), hit(1, 10 - AFTER_SECONDS), hit(1, None)]
)
def test_a_fault_on_the_store_meanwhile_explains_it(explaining: Hit) -> None:
    assert problems("compensated", explaining) == []


@pytest.mark.parametrize(
    "other",
    [hit(21, 22), hit(-20, 9 - AFTER_SECONDS), hit(12, 13, takes_store=False)],
)
def test_no_other_fault_does(other: Hit) -> None:
    [problem] = problems("compensated", other)
    assert problem.startswith("order-o-1 (order: completed): compensated, and no fault")
