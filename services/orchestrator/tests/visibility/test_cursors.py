"""A cursor is read as it was written, and anything else is refused."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.visibility.cursors import InvalidCursor, decode_cursor, encode_cursor

parts = st.lists(st.text(max_size=20), max_size=4)


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@given(parts)
def test_a_cursor_is_read_as_it_was_written(written: list[str]) -> None:
    assert decode_cursor(encode_cursor(*written), parts=len(written)) == written


@given(parts)
def test_a_cursor_can_stand_in_an_address(written: list[str]) -> None:
    assert set(encode_cursor(*written)) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    )


@given(parts, st.integers(0, 5))
def test_a_cursor_of_other_parts_is_refused(written: list[str], wanted: int) -> None:
    if wanted != len(written):
        with pytest.raises(InvalidCursor):
            decode_cursor(encode_cursor(*written), parts=wanted)


@given(st.text(max_size=200) | st.text("ABCabc019-_=", max_size=200))
def test_what_is_no_cursor_is_refused_and_breaks_nothing(text: str) -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(text, parts=1)


@pytest.mark.parametrize(
    "text",
    ["", "null", "7", '"a"', "[7]", "[null]", "[[]]", '{"a": 1}', "[", "[" * 100_000, "[NaN]"],
)
def test_json_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(encoded(text), parts=1)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(base64.urlsafe_b64encode(b'["\xff"]').decode(), parts=1)
