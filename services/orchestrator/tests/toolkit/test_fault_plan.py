"""A plan says which calls and attempts of a step fail."""

from orchestrator.toolkit.fault_plan import ALWAYS, NO_FAULTS, Fault, FaultPlan, every
from orchestrator.toolkit.retries import RETRY


def failing(fault: Fault, calls: int) -> list[int]:
    return [call for call in range(1, calls + 1) if fault.fails(call)]


def test_a_step_that_is_not_in_the_plan_has_no_fault() -> None:
    plan = FaultPlan({"ship": Fault(failures=2)})
    assert (plan.at("ship").failures, plan.at("pay").failures) == (2, 0)
    assert not NO_FAULTS.at("ship").fails()


def test_a_fault_affects_every_call_by_default() -> None:
    assert failing(Fault(failures=1), 4) == [1, 2, 3, 4]


def test_a_fault_may_affect_each_nth_call_or_some_in_a_row() -> None:
    assert failing(Fault(failures=ALWAYS, calls=every(5)), 12) == [5, 10]
    assert failing(Fault(failures=ALWAYS, calls=range(3, 5)), 12) == [3, 4]


def test_a_delay_alone_is_no_failure() -> None:
    assert not Fault(delay_ms=200).fails()


def test_a_permanent_failure_lasts_longer_than_the_attempts_at_a_step() -> None:
    assert RETRY.max_number_of_attempts < ALWAYS
