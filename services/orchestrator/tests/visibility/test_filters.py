"""Which instances match a filter."""

import pytest
from unit_support.entries import CHILD, ENDED, IN_TIME, NOW, OVERDUE, START

from contracts.problems import ProblemType
from orchestrator.schemas.instances import InstanceFilter
from orchestrator.visibility.filters import filtered, matching
from servicekit.problems import ProblemError


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ({}, {"late", "soon", "ended", "late-child-1"}),
        ({"workflow": ["task"]}, {"late-child-1"}),
        ({"status": ["COMPLETED", "FAILED"]}, {"ended"}),
        ({"outcome": ["failed", "rejected"]}, {"ended"}),
        ({"outcome": ["completed"]}, set()),
        ({"outcome": ["failed"], "status": ["RUNNING"]}, set()),
        ({"id_prefix": "late"}, {"late", "late-child-1"}),
        ({"parent": "late"}, {"late-child-1"}),
        ({"top_level": True}, {"late", "soon", "ended"}),
        ({"waiting_for": "Approval"}, {"late", "soon"}),
        ({"waiting_for": "cancel"}, {"soon"}),
        ({"overdue": True}, {"late"}),
        ({"overdue": False}, {"soon", "ended", "late-child-1"}),
        ({"created_from": START}, {"late", "soon", "ended", "late-child-1"}),
        ({"created_to": START}, set()),
        ({"created_from": "0001-01-01T00:00:00+14:00", "created_to": "9999-12-31T23:59:59-14:00"},
         {"late", "soon", "ended", "late-child-1"}),
        ({"q": " Chair  ADA "}, {"late", "soon"}),
        ({"q": "STRASSE"}, {"late-child-1"}),
        ({"q": "  "}, {"late", "soon", "ended", "late-child-1"}),
        ({"q": "late", "status": ["RUNNING"], "top_level": True}, {"late"}),
    ],
)  # fmt: skip
def test_an_instance_must_match_every_condition(wanted: dict[str, object], ids: set[str]) -> None:
    predicates = matching(InstanceFilter.model_validate(wanted), NOW)
    assert {e.instance_id for e in filtered([OVERDUE, IN_TIME, ENDED, CHILD], predicates)} == ids


@pytest.mark.parametrize(
    "q",
    [
        "a",
        "- " * 99 + "z",
        "late x",
        " ".join(f"word{number}" for number in range(9)),
    ],
)
def test_a_search_of_many_or_short_words_is_invalid(q: str) -> None:
    with pytest.raises(ProblemError) as problem:
        matching(InstanceFilter(q=q), NOW)
    assert problem.value.type is ProblemType.VALIDATION
    assert [error.field for error in problem.value.errors] == ["q"]
    assert "At most 8 different words" in problem.value.detail


def test_a_word_that_is_repeated_counts_once() -> None:
    [predicate] = matching(InstanceFilter(q="late LATE " * 15), NOW)
    assert predicate(OVERDUE)


def test_how_many_words_a_search_may_have_can_be_set() -> None:
    assert len(matching(InstanceFilter(q="late soon"), NOW, max_words=2)) == 2
    with pytest.raises(ProblemError):
        matching(InstanceFilter(q="late soon"), NOW, max_words=1)
