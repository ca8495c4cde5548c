"""Output to a terminal: text of other people never controls it, and nothing written is a traceback.

Every text of the API reaches the terminal through `Terminal`, so that this is the one place that
decides what is shown of it.
"""

import contextlib
import os
import re
import sys
import unicodedata
from io import TextIOWrapper
from typing import Any

from rich.console import Console
from rich.text import Text

# Explicit directional formatting, which can make a text read as another: Unicode TR 36, 2.4.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
# An id of an instance fits, mostly.
LEAST_COLUMNS = 40
MOST_COLUMNS = 1_000
# Rich and Typer read them as numbers, whatever they are.
SIZES = ("COLUMNS", "LINES", "TERMINAL_WIDTH")
_MARKUP = re.compile(r"\\+|\[")
_CONTROL_PICTURES, _DELETE_PICTURE, _REPLACEMENT = 0x2400, "\u2421", "\ufffd"


def printable(text: str, keep: str = "\n\t") -> str:
    """Return a text in which every character that would control a terminal is a visible one.

    Args:
        text: Any text, such as the title of a task.
        keep: Control characters that stay.
    """
    if text.isprintable():
        return text
    return "".join(character if character in keep else _visible(character) for character in text)


def _visible(character: str) -> str:
    if character == "\x7f":
        return _DELETE_PICTURE
    if character < " ":
        return chr(_CONTROL_PICTURES + ord(character))
    if character in _BIDI or unicodedata.category(character) in _UNPRINTABLE:
        return _REPLACEMENT
    return character


class Terminal(Console):
    """A console that shows control characters instead of writing them.

    Args:
        options: Those of `rich.console.Console`.
    """

    def __init__(self, **options: Any) -> None:
        # `:bomb:` in a title is text.
        super().__init__(emoji=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Return a string as rich text; rich calls it for every string before it is laid out."""
        return super().render_str(printable(text), **options)

    def on_broken_pipe(self) -> None:
        """Leave it to the program that its reader has gone."""
        raise BrokenPipeError


def plain(text: str) -> str:
    """Return data as markup that shows it as it is, in one line."""
    return _MARKUP.sub(_literal, printable(text, keep="\t"))


def _literal(found: re.Match[str]) -> str:
    # Rich takes a backslash away from each bracket, whatever follows it, and halves those that a
    # tag follows: so one always does.
    return "\\[" if found[0] == "[" else 2 * found[0] + "[none][/none]"


def prepare_streams() -> None:
    """Make the standard streams take any text, where a shell left them closed as well.

    What the terminal's encoding lacks is written as `?`, and the environment's idea of its size is
    one that a table can be laid out in.
    """
    for name in SIZES:
        value = os.environ.pop(name, "")
        if re.fullmatch("[0-9]{1,9}", value):
            os.environ[name] = str(min(max(int(value), LEAST_COLUMNS), MOST_COLUMNS))
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - until the end
        elif isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def print_error(message: str) -> None:
    """Print an error to stderr; where that fails there is nobody to read it."""
    with contextlib.suppress(OSError):
        text = Text.assemble(("Error:", "bold red"), f" {printable(message)}")
        Terminal(stderr=True).print(text, soft_wrap=True)


def discard_output() -> None:
    """Let what is still buffered for stdout go nowhere, once writing it has failed."""
    null = os.open(os.devnull, os.O_WRONLY)
    with contextlib.suppress(OSError, ValueError):
        os.dup2(null, sys.stdout.fileno())
