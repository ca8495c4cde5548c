"""The checker of decisions: it accepts what could have happened, and nothing else."""

import pytest

from support.fault_suite.linearizability import Attempt, linearizable

YES, NO = "approve", "reject"


def test_the_first_decision_counts_and_its_repeat_is_answered_alike() -> None:
    history = [Attempt(YES, 0, 1, True), Attempt(NO, 2, 3, False), Attempt(YES, 4, 5, True)]
    assert linearizable(history, YES)


def test_of_two_at_once_either_may_be_first() -> None:
    for yes in (True, False):
        history = [Attempt(YES, 0, 5, yes), Attempt(NO, 1, 4, not yes)]
        assert linearizable(history, YES if yes else NO)


def test_two_decisions_that_were_both_accepted_are_wrong() -> None:
    assert not linearizable([Attempt(YES, 0, 1, True), Attempt(NO, 0, 1, True)])


def test_a_refusal_before_any_decision_was_sent_is_wrong() -> None:
    assert not linearizable([Attempt(NO, 0, 1, False), Attempt(YES, 2, 3, True)])


def test_what_was_decided_is_what_was_accepted() -> None:
    assert not linearizable([Attempt(YES, 0, 1, True), Attempt(NO, 0, 1, False)], NO)


def test_a_repeat_that_is_refused_is_wrong() -> None:
    assert not linearizable([Attempt(YES, 0, 1, True), Attempt(YES, 2, 3, False)])


@pytest.mark.parametrize("decided", [YES, NO, None])
def test_an_attempt_without_an_answer_may_have_counted_or_not(decided: str | None) -> None:
    lost = Attempt(NO, 0)
    refused = linearizable([lost, Attempt(YES, 5, 6, False)], decided)
    accepted = linearizable([lost, Attempt(YES, 5, 6, True)], decided)
    assert (refused, accepted) == (decided != YES, decided != NO)


def test_a_lost_attempt_cannot_count_before_it_was_sent() -> None:
    assert not linearizable([Attempt(YES, 0, 1, False), Attempt(NO, 2)])


def test_an_outage_with_many_lost_attempts_is_checked_at_once() -> None:
    lost = [Attempt(value, at) for at in range(500) for value in (YES, NO)]
    answers = [Attempt(YES, 600, 602, True), Attempt(NO, 601, 603, False)]
    assert linearizable([*lost, *answers], YES)
    assert not linearizable([*lost, *answers], NO)
