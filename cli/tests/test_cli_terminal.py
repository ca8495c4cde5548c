"""Text of other people never controls the terminal."""

import io
import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st
from rich.text import Text

from taskway.session import Session
from taskway.terminal import Terminal, plain, printable

HOSTILE = st.text(
    st.one_of(
        st.sampled_from("\x00\x07\x08\r\n\t\x1b\x7f\x85\x9b\u2028\u202e\u2066\ud800[]\\/:#"),
        st.characters(),
    ),
    max_size=30,
)


def controls(text: str) -> set[str]:
    """Return the characters that control a terminal; a line break of the layout is none."""
    kinds = {"Cc", "Cs", "Zl", "Zp"}
    return {
        character
        for character in text
        if character != "\n" and (unicodedata.category(character) in kinds or character == "\u202e")
    }


def terminal(width: int = 200) -> tuple[Terminal, io.StringIO]:
    written = io.StringIO()
    return Terminal(file=written, width=width), written


@given(HOSTILE)
def test_no_control_character_is_printed(text: str) -> None:
    console, written = terminal()
    session = Session(None, console, as_json=False)  # type: ignore[arg-type]
    session.say(f"[bold]{plain(text)}[/]")
    session.table(("A", "B"), [(text, Text("x")), ("y", text)])
    session.fields({"Name": text, "Other": {"a": text}})
    console.print(text, markup=False)
    assert not controls(written.getvalue())


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z", "M"]), max_size=30))
@example("a\\")
@example("a\\\\")
@example("[b]\\")
@example("\\[")
@example("\\[b]\\\\[[/]")
def test_other_text_stays_as_it_is(text: str) -> None:
    console, written = terminal()
    Session(None, console, as_json=False).say(plain(text))  # type: ignore[arg-type]
    assert written.getvalue() == f"{text}\n"


def test_control_characters_are_visible() -> None:
    assert printable("a\x1b]0;b\x07\x7f\x9b\u2028") == "a␛]0;b␇␡\ufffd\ufffd"


def test_a_message_of_two_lines_is_one_row() -> None:
    console, written = terminal()
    session = Session(None, console, as_json=False)  # type: ignore[arg-type]
    session.table(("INSTANCE", "MESSAGE"), [("task-1", "one\ntask-2 COMPLETED")])
    assert len(written.getvalue().splitlines()) == 2


def test_json_keeps_the_text_in_escapes() -> None:
    console, written = terminal()
    Session(None, console, as_json=True).show({"a": "\x1b\x7f\x9bü"})  # type: ignore[arg-type]
    assert written.getvalue() == '{\n  "a": "\\u001b\\u007f\\u009b\\u00fc"\n}\n'
