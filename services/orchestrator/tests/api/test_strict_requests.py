"""Nothing that a request can have is lax or without a bound, in any service.

What JSON says is what is meant: `true` is no number, `"5"` is none, and a number is no timestamp.
The fields are found by walking the routes, so that a new one is looked at, too.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import pytest
from fastapi import APIRouter
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import AwareDatetime, BaseModel, Field, StrictBool, TypeAdapter, ValidationError
from unit_support.catalogue import CATALOGUE

import assigner.api
import notifier.api
import orchestrator.api.routers
from contracts.fields import Date, Instant

# Longer than any body, so that a limit of the field itself is met.
LONG = "a" * 70_000
NO_INTEGER: list[Any] = [
    True,
    1.0,
    1.5,
    "1.0",
    "1_0",
    " 1",
    "+1",
    "\u0661",
    "",
    2**63,
    -(2**63) - 1,
]
NO_BOOLEAN: list[Any] = [0, 1, 1.0, "yes", "1", "True", "on", ""]
NO_TIMESTAMP: list[Any] = [
    *(True, 1_700_000_000, 1_700_000_000_000, 1.5e9, "1700000000", "2026-11-21T09:00:00", ""),
]


NO_DATE: list[Any] = [
    *(True, 0, 1_700_000_000, 1.5, "1700000000", "20261121", "2026-11-21T00:00:00Z", " 2026-11-21"),
    *("2026-13-01", "", datetime(2026, 11, 21, tzinfo=UTC)),
]


class Place(NamedTuple):
    """A value of a request: where it is, its type, and whether it comes from JSON."""

    where: str
    type_: Any
    json: bool


def routers() -> Iterable[APIRouter]:
    """Return the routers of all services."""
    return [
        *orchestrator.api.routers.routers(CATALOGUE),
        *(assigner.api.assignments_router, assigner.api.members_router),
        *(notifier.api.notifications_router, notifier.api.inbox_router),
    ]


def places() -> Iterator[Place]:
    """Yield the parameters and bodies of all routes."""
    for router in routers():
        for route in router.routes:
            assert isinstance(route, APIRoute)
            where = f"{min(route.methods)} {route.path}"
            yield from _parameters(where, route.dependant)


def _parameters(where: str, dependant: Dependant) -> Iterator[Place]:
    groups = {
        "path": dependant.path_params,
        "query": dependant.query_params,
        "header": dependant.header_params,
        "cookie": dependant.cookie_params,
        "body": dependant.body_params,
    }
    for group, parameters in groups.items():
        for parameter in parameters:
            info = parameter.field_info
            annotated = _annotated(info.annotation, info.metadata)
            yield Place(f"{where} {group}.{parameter.name}", annotated, group == "body")
    for inner in dependant.dependencies:
        yield from _parameters(where, inner)


def flaws(place: Place) -> Iterator[str]:
    """Yield what is lax or unbounded in a value, and in what it is made of."""
    where, type_, json = place
    metadata: list[Any] = []
    while get_origin(type_) is Annotated:
        type_, *more = get_args(type_)
        metadata += more
    origin = get_origin(type_) or type_
    if origin in (Union, UnionType):
        for arm in get_args(type_):
            yield from flaws(Place(where, _annotated(arm, metadata), json))
    elif origin is list:
        yield from _accepted(place, [["a"] * 70_000], "has no limit of its items", ("too_long",))
        yield from flaws(Place(f"{where}[]", get_args(type_)[0], json))
    elif isinstance(origin, type) and issubclass(origin, BaseModel):
        for name, field in origin.model_fields.items():
            annotated = _annotated(field.annotation, field.metadata)
            yield from flaws(Place(f"{where}.{name}", annotated, json))
    elif check := CHECKS.get(origin):
        yield from check(place)
    elif not (
        origin in (NoneType, Literal)
        # What is in it is checked as JSON, and the body has a limit.
        or (type_ == dict[str, Any] and json)
        or (isinstance(origin, type) and issubclass(origin, Enum))
    ):
        yield f"{where}: {type_} is not known to be bounded"


def _accepted(
    place: Place, values: list[Any], flaw: str, unless: tuple[str, ...] = ()
) -> Iterator[str]:
    for value in values:
        try:
            TypeAdapter(place.type_).validate_python(value)
        except ValidationError as error:
            if not unless or error.errors()[0]["type"] in unless:
                continue
        yield f"{place.where}: {flaw}: {str(value)[:30]!r}"


def _integer(place: Place) -> Iterator[str]:
    # What is in a query is text.
    values = [*NO_INTEGER, "1"] if place.json else NO_INTEGER
    yield from _accepted(place, values, "takes for an integer")


def _boolean(place: Place) -> Iterator[str]:
    values = [*NO_BOOLEAN, "true", "false"] if place.json else NO_BOOLEAN
    yield from _accepted(place, values, "takes for a boolean")


def _timestamp(place: Place) -> Iterator[str]:
    yield from _accepted(place, NO_TIMESTAMP, "takes for a timestamp")


def _date(place: Place) -> Iterator[str]:
    yield from _accepted(place, NO_DATE, "takes for a date")


def _text(place: Place) -> Iterator[str]:
    yield from _accepted(place, [LONG], "takes a text of any length")


def _annotated(type_: Any, metadata: Iterable[Any]) -> Any:
    for item in metadata:
        type_ = Annotated[type_, item]
    return type_


CHECKS: dict[Any, Callable[[Place], Iterator[str]]] = {
    int: _integer,
    bool: _boolean,
    date: _date,
    datetime: _timestamp,
    AwareDatetime: _timestamp,
    str: _text,
}


def test_every_value_of_a_request_is_strict_and_bounded() -> None:
    found = list(places())
    assert len(found) > 60
    assert [flaw for place in found for flaw in flaws(place)] == []


class Lax(BaseModel):
    """Every flaw that there is."""

    count: int
    large: Annotated[int, Field(strict=True)]
    text: str
    texts: list[Annotated[str, Field(max_length=5)]]
    flag: bool
    at: datetime | None = None
    day: date
    number: float


class Strict(BaseModel):
    """None of them."""

    count: Annotated[int, Field(strict=True, ge=0, le=10)] | None
    text: str = Field(max_length=10)
    texts: list[Annotated[str, Field(pattern="^[a-z]{1,9}$")]] = Field(max_length=3)
    flag: StrictBool
    at: Instant | None
    day: Date
    anything: dict[str, Any]
    one: Literal["a", "b"]


@pytest.mark.parametrize("name", ["count", "large", "text", "texts", "flag", "at", "day", "number"])
def test_a_lax_field_is_found(name: str) -> None:
    field = Lax.model_fields[name]
    assert list(flaws(Place(name, _annotated(field.annotation, field.metadata), json=True)))


def test_a_strict_model_has_no_flaw() -> None:
    assert list(flaws(Place("strict", Strict, json=True))) == []
