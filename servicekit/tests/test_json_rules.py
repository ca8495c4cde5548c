"""Which JSON is accepted from outside."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servicekit.json_rules import MAX_INTEGER, MIN_INTEGER, JsonRefused, parse_json

DEPTH = 32
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(MIN_INTEGER, MAX_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_what_json_can_say_comes_back_as_it_was_sent(value: Any, ascii_only: bool) -> None:
    assert parse_json(json.dumps(value, ensure_ascii=ascii_only).encode(), 200) == value


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        '{"a": [Infinity]}',
        "-Infinity",
        "1e400",
        "-1e400",
        f"[{2**63}]",
        f"{-(2**63) - 1}",
        "1" * 5_000,
        "-" + "1" * 60_000,
        r'"\ud800"',
        r'"\udfff"',
        r'{"\ud83d": 1}',
        r'{"a": [{"b": "x\udc00"}]}',
        '{"a": 1, "a": 1}',
        '{"b": [{"a": 1, "\\u0061": 2}]}',
        "[" * 33 + "]" * 33,
        '{"a":' * 33 + "1" + "}" * 33,
        "[" * 30_000 + "]" * 30_000,
        "[" * 60_000,
        '{"a":' * 10_000,
        "",
        "{",
        "{} {}",
        '{"a": 1,}',
        '"a\x01b"',
        '"\\x"',
        "'a'",
    ],
)
def test_other_json_is_refused(text: str) -> None:
    with pytest.raises(JsonRefused):
        parse_json(text.encode(), DEPTH)


@pytest.mark.parametrize(
    "body",
    [
        b'"a\xffb"',
        b'"a\xed\xa0\x80b"',
        b'"\xc0\x80"',
        '{"a": 1}'.encode("utf-16"),
        '{"a": 1}'.encode("utf-32-be"),
    ],
)
def test_what_is_not_utf_8_is_refused(body: bytes) -> None:
    with pytest.raises(JsonRefused):
        parse_json(body, DEPTH)


def test_brackets_in_texts_are_no_depth() -> None:
    value = {"a": '[{"' * 500, "b\\": "\\[[", '"': "[" * 40}
    assert parse_json(json.dumps(value).encode(), DEPTH) == value
    assert parse_json(b"[" * 32 + b"]" * 32, DEPTH) is not None
    # Side by side, they are not nested.
    assert len(parse_json(json.dumps([[{}]] * 1_000).encode(), 3)) == 1_000


def test_a_byte_order_mark_is_ignored() -> None:
    assert parse_json(b'\xef\xbb\xbf{"a": 1}', DEPTH) == {"a": 1}


def test_a_surrogate_pair_is_a_character() -> None:
    assert parse_json(rb'"\ud83d\ude00"', DEPTH) == "\U0001f600"


def test_the_refused_text_is_located_and_not_quoted() -> None:
    with pytest.raises(JsonRefused) as refused:
        parse_json(rb'{"request": {"lines": ["a", "secret\ud800"]}}', DEPTH)
    assert refused.value.path == ("request", "lines", 1)
    assert str(refused.value) == "it contains a lone surrogate"
