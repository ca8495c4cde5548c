"""The scoring rules: keywords, points and thresholds."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.workflows.application.adapters.rules_file import load
from orchestrator.workflows.application.screening import (
    Position,
    Rules,
    Score,
    Thresholds,
    mentions,
    score,
)
from orchestrator.workflows.application.settings import ApplicationSettings

RULES = load(ApplicationSettings().application_rules_file)
THRESHOLDS = Thresholds(high=70, medium=40)


@pytest.mark.parametrize(
    ("text", "keyword", "matches"),
    [
        ("Python", "python", True),
        ("I write PYTHON.", "python", True),
        ("(python)", "python", True),
        ("python-based", "python", True),
        ("pythonic", "python", False),
        ("cpython", "python", False),
        ("python_3", "python", False),
        ("C++", "c++", True),
        ("I know C++.", "c++", True),
        ("C/C++, Go", "c++", True),
        ("C/C++, Go", "c", True),
        ("C++", "c", False),
        ("C#", "c", False),
        ("C#", "c#", True),
        ("F#, C#/.NET", "c#", True),
        ("C#/.NET", ".net", True),
        (".NET", ".net", True),
        ("ASP.NET", ".net", False),
        ("dotnet", ".net", False),
        (".net", "net", False),
        ("node.js", "node", False),
        ("node.js", "node.js", True),
        ("machine \n learning", "machine learning", True),
        ("machinelearning", "machine learning", False),
        ("Straße", "strasse", True),
        ("", "python", False),
    ],
)
def test_keywords_match_whole_words_of_any_case(text: str, keyword: str, matches: bool) -> None:
    assert mentions(text.casefold(), keyword) is matches


def test_the_default_rules_are_valid() -> None:
    assert {position.id for position in RULES.positions} >= {"backend-engineer"}
    assert len({position.id for position in RULES.positions}) == len(RULES.positions)


@pytest.mark.parametrize(
    "position",
    [
        {"id": "a", "title": "A", "required": {"x": 99}},
        {"id": "a", "title": "A", "required": {"x": 50}, "wanted": {"X": 50}},
        {"id": "a", "title": "A", "required": {"x": 0, "y": 100}},
        {"id": "a", "title": "A", "required": {"": 100}},
        {"id": "a", "title": "A", "needed": {"x": 100}, "required": {}},
    ],
)
def test_points_that_do_not_add_up_are_refused(position: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Rules.model_validate({"thresholds": {"high": 70, "medium": 40}, "positions": [position]})


def test_thresholds_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="below"):
        Thresholds(high=40, medium=40)


@st.composite
def positions(draw: st.DrawFn) -> Position:
    words = draw(
        st.lists(
            st.sampled_from(["python", "c++", "c", "c#", ".net", "sql", "go", "machine learning"]),
            min_size=1,
            max_size=6,
            unique=True,
        )
    )
    cuts = sorted(
        draw(st.sets(st.integers(1, 99), min_size=len(words) - 1, max_size=len(words) - 1))
    )
    points = [b - a for a, b in zip([0, *cuts], [*cuts, 100], strict=True)]
    split = draw(st.integers(0, len(words)))
    pairs = list(zip(words, points, strict=True))
    return Position(id="p", title="P", required=dict(pairs[:split]), wanted=dict(pairs[split:]))


TEXTS = st.lists(
    st.one_of(
        st.text(max_size=8),
        st.sampled_from(["Python", "C++", "c", "C#,", ".NET", "SQL.", "go", "machine", "learning"]),
    ),
    max_size=12,
).map(" ".join)


@given(positions(), TEXTS)
def test_a_score_is_between_0_and_100_and_explained(position: Position, text: str) -> None:
    scored = score(position, THRESHOLDS, text)
    assert 0 <= scored.score <= 100
    points = sum(hit.points for hit in scored.hits)
    assert scored.score == (min(points, 69) if scored.missing else points)
    keywords = {hit.keyword for hit in scored.hits} | set(scored.missing)
    assert keywords >= position.required.keys()


@given(positions(), TEXTS, TEXTS)
def test_more_text_never_scores_lower(position: Position, text: str, more: str) -> None:
    before = score(position, THRESHOLDS, text).score
    assert score(position, THRESHOLDS, f"{text} {more}").score >= before
    assert score(position, THRESHOLDS, f"{more} {text}").score >= before


@given(positions())
def test_every_keyword_scores_100_and_none_0(position: Position) -> None:
    everything = ", ".join([*position.required, *position.wanted])
    assert score(position, THRESHOLDS, everything).score == 100
    assert score(position, THRESHOLDS, "").score == 0


def test_without_a_required_keyword_the_score_stays_below_high() -> None:
    position = Position(id="p", title="P", required={"a": 10}, wanted={"b": 90})
    scored = score(position, THRESHOLDS, "b")
    assert (scored.score, scored.missing) == (69, ["a"])


@pytest.mark.parametrize("outside", [-1, 101])
def test_no_score_is_outside_of_0_to_100(outside: int) -> None:
    with pytest.raises(ValueError, match="score"):
        Score(score=outside, hits=[], missing=[])
