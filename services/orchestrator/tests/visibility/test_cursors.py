"""A cursor is decoded to what was encoded, and anything else is rejected."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.visibility.cursors import InvalidCursor, decode_cursor, encode_cursor

parts = st.lists(st.text(max_size=20), max_size=4)


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@given(parts)
def test_decoding_reverts_encoding(written: list[str]) -> None:
    assert decode_cursor(encode_cursor(*written), parts=len(written)) == written


@given(parts)
def test_a_cursor_is_safe_in_a_url(written: list[str]) -> None:
    assert set(encode_cursor(*written)) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    )


@given(parts, st.integers(0, 5))
def test_a_cursor_with_another_number_of_parts_is_rejected(written: list[str], wanted: int) -> None:
    if wanted != len(written):
        with pytest.raises(InvalidCursor):
            decode_cursor(encode_cursor(*written), parts=wanted)


@given(st.text(max_size=200) | st.text("ABCabc019-_=", max_size=200))
def test_a_malformed_cursor_is_rejected(text: str) -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(text, parts=1)


@pytest.mark.parametrize(
    "text",
    ["", "null", "7", '"a"', "[7]", "[null]", "[[]]", '{"a": 1}', "[", "[" * 100_000, "[NaN]"],
)
def test_json_of_another_form_is_rejected(text: str) -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(encoded(text), parts=1)


def test_bytes_that_are_not_utf8_are_rejected() -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(base64.urlsafe_b64encode(b'["\xff"]').decode(), parts=1)
