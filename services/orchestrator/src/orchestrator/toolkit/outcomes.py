"""The outcomes of a workflow: the values that `status` in its result can have."""

from collections.abc import Iterator
from enum import Enum
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

FIELD = "status"


def declared_outcomes(output: type[BaseModel]) -> tuple[str, ...]:
    """Return the outcomes that a model of a result declares, in its order.

    Args:
        output: The model; one whose `status` is of no enum or `Literal`, or that has none, declares
            none.
    """
    field = output.model_fields.get(FIELD)
    return tuple(dict.fromkeys(_texts(field.annotation))) if field else ()


def _texts(annotation: Any) -> Iterator[str]:
    """Yield the texts that an annotation allows, also within what is optional."""
    if get_origin(annotation) is Literal:
        values = [getattr(value, "value", value) for value in get_args(annotation)]
    elif isinstance(annotation, type) and issubclass(annotation, Enum):
        values = [member.value for member in annotation]
    else:
        for part in get_args(annotation):
            yield from _texts(part)
        return
    yield from (value for value in values if isinstance(value, str))
