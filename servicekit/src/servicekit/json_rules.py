"""What a JSON text must be, beyond the grammar, to be accepted from outside.

The rules are those of I-JSON (RFC 7493): UTF-8, no lone surrogates, no duplicate names, and no
number that other programs cannot hold. What breaks them is valid for Python's parser, and would
fail later, where it is stored, serialized or shown.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn

MIN_INTEGER, MAX_INTEGER = -(2**63), 2**63 - 1
# Of a 64-bit integer: longer ones are not even converted, which takes quadratic time.
MAX_DIGITS = 20
# A string, up to its end or that of the text, or a bracket outside of strings.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


class JsonRefused(ValueError):
    """A JSON text that is not accepted; the message says why, without quoting the text."""

    def __init__(self, message: str, path: tuple[str | int, ...] = ()) -> None:
        """Create it; `path` leads to the value that is refused, where that is known."""
        super().__init__(message)
        self.path = path


def parse_json(body: bytes, max_depth: int) -> Any:
    """Return the value of a JSON text that follows the rules.

    Args:
        body: The text, in UTF-8.
        max_depth: How deep arrays and objects may be nested.

    Raises:
        JsonRefused: It is no JSON, or breaks a rule.
    """
    try:
        # RFC 8259, 8.1: a parser may ignore a byte order mark.
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise JsonRefused("not valid UTF-8") from None
    if _depth(text, max_depth) > max_depth:
        raise JsonRefused(f"arrays and objects are nested more than {max_depth} deep")
    try:
        value = json.loads(
            text,
            parse_int=_integer,
            parse_float=_float,
            parse_constant=_constant,
            object_pairs_hook=_object,
        )
    except json.JSONDecodeError as error:
        raise JsonRefused(f"not valid JSON: {error.msg} at character {error.pos}") from None
    # Only an escape can write a character that UTF-8 or the grammar does not allow as it is.
    if "\\u" in text:
        _check_texts(value)
    return value


def _has_surrogate(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _depth(text: str, enough: int) -> int:
    """Return how deep a text is nested, at least where that exceeds `enough`."""
    if text.count("[") + text.count("{") <= enough:
        return 0
    depth = deepest = 0
    for token in _TOKEN.finditer(text):
        bracket = token[0]
        if bracket in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif bracket in "]}":
            depth -= 1
    return deepest


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS or not MIN_INTEGER <= int(digits) <= MAX_INTEGER:
        raise JsonRefused("an integer does not fit into 64 bits")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise JsonRefused("a number is too large")
    return number


def _constant(name: str) -> NoReturn:
    raise JsonRefused(f"{name} is no JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise JsonRefused("an object has the same name twice")
    return found


def _check_texts(value: Any) -> None:
    for path, text in _texts(value, ()):
        # A surrogate is no character of its own, and cannot be written in UTF-8. U+0000 can: the
        # state stores keep it, and mail encodes it.
        if _has_surrogate(text):
            raise JsonRefused("it contains a lone surrogate", path)


def _texts(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield every text of a value, names included, with the path to it."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))
    elif isinstance(value, dict):
        for name, item in value.items():
            # The path to a name is that of its object, for it may be what cannot be shown.
            yield path, name
            yield from _texts(item, (*path, name))
