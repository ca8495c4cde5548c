"""The ranking by BM25."""

import pytest

from orchestrator.workflows.research.adapters.knowledge.bm25 import Bm25

TEXTS = [["retry", "pause", "retry"], ["retry", "pod", "probe"], ["saga"], ["saga", "pod"]]


def test_a_rare_term_scores_higher_than_a_common_one() -> None:
    assert Bm25([["a", "b"], ["b", "c"], ["b", "d"]]).best(["b", "d"], 3)[0] == 2


def test_a_repeated_term_scores_higher() -> None:
    assert Bm25(TEXTS).best(["retry"], 5) == [0, 1]


def test_a_short_text_scores_higher_than_a_long_one() -> None:
    assert Bm25(TEXTS).best(["saga"], 5) == [2, 3]


def test_the_scores_are_those_of_the_formula() -> None:
    # By hand: the average length is 2, "saga" is in one of two texts, and ln(1 + 1.5/1.5) = ln 2.
    [best] = Bm25([["saga"], ["pod", "pod", "probe"]]).best(["saga"], 1)
    assert best == 0
    assert Bm25([["saga"], ["pod", "pod", "probe"]]).score(["saga"], 0) == pytest.approx(
        0.693147 * 2.2 / (1 + 1.2 * (0.25 + 0.75 / 2)), rel=1e-5
    )


def test_an_unknown_term_finds_nothing() -> None:
    assert Bm25(TEXTS).best(["tea"], 5) == []
    assert Bm25(TEXTS).best([], 5) == []
