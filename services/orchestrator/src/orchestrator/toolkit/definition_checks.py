"""Finds mistakes in the definitions of workflows when the service starts, before one runs."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError

from contracts.fields import RequestId
from orchestrator.toolkit.definition import Definition, Event
from orchestrator.toolkit.until_success import SHARED_CHILDREN

# They become parts of instance ids, state-store keys and addresses (contracts.fields.Key); what
# is before the first '-' of an instance's id is the name of its workflow.
NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")
EVENT_NAME = re.compile(r"[a-z][a-z0-9_-]{0,49}")
REQUEST_ID_PATTERN = TypeAdapter(RequestId).json_schema()["pattern"]


class DefinitionError(ValueError):
    """Definitions that contradict themselves or each other; the message has a line for each."""


def check_definitions(definitions: Sequence[Definition]) -> None:
    """Check each definition, and that no two share a name.

    Raises:
        DefinitionError: There is a mistake in at least one of them.
    """
    mistakes = [
        f"{definition.name}: {mistake}"
        for definition in definitions
        for mistake in _mistakes(definition)
    ]
    mistakes += _shared_names(definitions)
    if mistakes:
        raise DefinitionError("\n".join(mistakes))


def types_at(annotation: Any, path: Sequence[str]) -> Iterator[type]:
    """Yield the types at a path into a model, through lists and what is optional."""
    if not isinstance(annotation, type) or get_args(annotation):
        for part in get_args(annotation):
            yield from types_at(part, path)
    elif not path:
        yield annotation
    elif issubclass(annotation, BaseModel) and path[0] in annotation.model_fields:
        yield from types_at(annotation.model_fields[path[0]].annotation, path[1:])


def _mistakes(definition: Definition) -> Iterator[str]:
    if not NAME.fullmatch(definition.name):
        yield f"name must match {NAME.pattern}"
    if not definition.path.startswith("/"):
        yield f"path '{definition.path}' does not begin with '/'"
    yield from _id_mistakes(definition)
    for path in definition.search_fields:
        if not any(issubclass(kind, str) for kind in types_at(definition.input, path.split("."))):
            yield f"search_fields has '{path}', which is no text of {definition.input.__name__}"
    for event in definition.events:
        yield from _event_mistakes(event)
    yield from _repeated("events have the name", (event.name for event in definition.events))
    yield from _version_mistakes(definition)
    yield from _sample_mistakes(definition)


def _id_mistakes(definition: Definition) -> Iterator[str]:
    model, field = definition.input, definition.id_field
    if field not in model.model_fields:
        known = ", ".join(model.model_fields)
        yield f"id_field '{field}' is not a field of {model.__name__}: {known}"
    elif model.model_json_schema()["properties"][field].get("pattern") != REQUEST_ID_PATTERN:
        yield f"id_field '{field}' must be a contracts.fields.RequestId: it is a part of keys"


def _event_mistakes(event: Event) -> Iterator[str]:
    payload = event.payload
    if not EVENT_NAME.fullmatch(event.name):
        yield f"event '{event.name}': name must match {EVENT_NAME.pattern}"
    if not payload.model_fields:
        yield f"event '{event.name}': {payload.__name__} has no field: Dapr drops empty payloads"
    for place in ("key_field", "person_field"):
        name = getattr(event, place)
        if name is not None and name not in payload.model_fields:
            yield f"event '{event.name}': {place} '{name}' is not a field of {payload.__name__}"


def _version_mistakes(definition: Definition) -> Iterator[str]:
    if definition.previous_versions and definition.version is None:
        yield "previous_versions needs a version that new instances run"
    if definition.version in definition.previous_versions:
        yield f"version '{definition.version}' is among previous_versions as well"


def _sample_mistakes(definition: Definition) -> Iterator[str]:
    for name, sample in definition.samples.items():
        if sample.outcome is not None and sample.outcome not in definition.outcomes:
            yield f"sample '{name}' ends '{sample.outcome}', which is none of its outcomes"
        yield from _refusals(f"sample '{name}'", definition.input, sample.request)
        for sent in sample.events:
            event = definition.event(sent.event)
            if event is None:
                yield f"sample '{name}' sends '{sent.event}', which is none of its events"
            else:
                what = f"sample '{name}', event '{sent.event}'"
                yield from _refusals(what, event.payload, sent.payload)


def _refusals(what: str, model: type[BaseModel], data: Any) -> Iterator[str]:
    try:
        model.model_validate(data)
    except ValidationError as error:
        for mistake in error.errors():
            place = ".".join(map(str, mistake["loc"])) or model.__name__
            yield f"{what}: {place}: {mistake['msg']}"


def _shared_names(definitions: Sequence[Definition]) -> Iterator[str]:
    yield from _repeated("workflows have the name", (d.name for d in definitions))
    yield from _repeated("workflows have the path", (d.path for d in definitions))
    names = [name for d in definitions for name in (d.workflow_name, *d.children)]
    names += SHARED_CHILDREN
    yield from _repeated("workflows or children have Dapr's name", names)


def _repeated(what: str, names: Iterable[str]) -> Iterator[str]:
    for name, count in Counter(names).items():
        if count > 1:
            yield f"{count} {what} '{name}'"
