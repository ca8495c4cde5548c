"""Request bodies: read from JSON, or taken from a workflow's samples, and changed by field."""

import copy
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from taskway.errors import CommandError

Body = dict[str, Any]
Schema = dict[str, Any]

# Far above what the API takes: for a device, or a wrong file.
LARGEST_FILE = 1_048_576
LONGEST_NAME = 80


def read_json(text: str) -> Body:
    """Return a JSON object.

    Args:
        text: The JSON; `@` and the path of a file that contains it; or `-` for standard input.

    Raises:
        CommandError: It is not a JSON object, or the file cannot be read.
    """
    try:
        value = json.loads(_content(text).removeprefix("\ufeff"), parse_constant=_refuse_constant)
    except OSError as error:
        raise CommandError(f"{_name(text)} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise CommandError(f"{_name(text)} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise CommandError(f"{_name(text)} is not a JSON object")
    return value


def _content(text: str) -> str:
    """Return the JSON of an argument, with a byte order mark where it has one.

    RFC 8259, 8.1, allows to ignore the mark; Windows writes it, and PowerShell UTF-16.
    """
    if text in ("-", "@-"):
        content = sys.stdin.buffer.read(LARGEST_FILE + 1)
    elif text.startswith("@"):
        with Path(text[1:]).open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    else:
        return text
    if len(content) > LARGEST_FILE:
        raise ValueError(f"it is larger than {LARGEST_FILE} bytes")
    return content.decode(json.detect_encoding(content))


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number of JSON")


def _name(text: str) -> str:
    """Return how an error names an argument."""
    return repr(text if len(text) <= LONGEST_NAME else f"{text[:LONGEST_NAME]}…")


def choose_sample(workflow: dict[str, Any], name: str | None) -> dict[str, Any]:
    """Return a sample of a workflow.

    Args:
        workflow: The workflow, as `GET /workflows` describes it.
        name: The sample's name; None for the first.

    Raises:
        CommandError: The workflow has no such sample; the message lists those that it has.
    """
    samples: dict[str, dict[str, Any]] = workflow["samples"]
    chosen = next(iter(samples)) if name is None else name
    if chosen not in samples:
        raise CommandError(
            f"There is no sample {chosen!r} of {workflow['name']}; there are: {', '.join(samples)}"
        )
    return samples[chosen]


def set_fields(body: Body, assignments: Iterable[str], schema: Schema) -> Body:
    """Return a body with fields set; the given one is not changed.

    A value is text where the schema takes text, and JSON elsewhere.

    Args:
        body: The request.
        assignments: Each `field=value`, or `outer.inner=value` for a field of an object.
        schema: The JSON Schema of the request.

    Raises:
        CommandError: An assignment has no `=`, or its path leads through what is not an object.
    """
    changed = copy.deepcopy(body)
    for assignment in assignments:
        path, separator, text = assignment.partition("=")
        if not separator or not path:
            raise CommandError(f"{assignment!r} is not of the form field=value")
        *outer, name = path.split(".")
        target, subschema = changed, schema
        for part in outer:
            target = target.setdefault(part, {})
            subschema = _field(subschema, part, schema)
            if not isinstance(target, dict):
                raise CommandError(f"{part} in {assignment!r} is not an object")
        target[name] = _parse(text, _types(_field(subschema, name, schema), schema))
    return changed


def _parse(text: str, types: set[str]) -> Any:
    if "string" in types and not (text == "null" and "null" in types):
        return text
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except ValueError:
        # The API names the field and what it takes.
        return text


def _field(subschema: Schema, name: str, schema: Schema) -> Schema:
    """Return the schema of an object's field; an empty one where it is unknown."""
    for option in _options(subschema, schema):
        if name in option.get("properties", {}):
            found: Schema = option["properties"][name]
            return found
    return {}


def _types(subschema: Schema, schema: Schema) -> set[str]:
    return {option["type"] for option in _options(subschema, schema) if "type" in option}


def _options(subschema: Schema, schema: Schema) -> list[Schema]:
    """Return the alternatives of a schema, with references resolved."""
    if "$ref" in subschema:
        return _options(schema["$defs"][subschema["$ref"].rpartition("/")[2]], schema)
    if "anyOf" in subschema:
        return [each for part in subschema["anyOf"] for each in _options(part, schema)]
    return [subschema]
