"""Counts the effects of an instance where they happened: at the assigner and the notifier.

Neither the orchestrator nor the history is believed here. Each key is counted among all that its
receiver keeps of the people that the instance names; attempts are counted apart.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from taskway.api import Api, url_path
from taskway.chaos.target import PEERS, Target

PERSON = re.compile(r"[^@\s]+@[^@\s]+")
# An id and an e-mail address are both names of a member.
NAMES = {"recipient", "assignee", "member_id", "reviewer", "approver", "verifier"}
MOST_ITEMS = 200
REQUESTS = "http_server_duration_milliseconds_count{"
ROUTES = {"assigner": "/assignments/{key}", "notifier": "/notifications/{key}"}


@dataclass(frozen=True)
class Effect:
    """An effect of an instance at its receiver.

    Args:
        receiver: The service that has it.
        key: Its idempotency key.
        times: How often the receiver has it; more than once is a fault.
    """

    receiver: str
    key: str
    times: int


def count_effects(target: Target, instance: str, named_by: Iterable[Any]) -> list[Effect]:
    """Return the effects of an instance, in the order of their keys.

    Args:
        target: The system.
        instance: The instance's id, with which its keys begin.
        named_by: JSON that names the people concerned.

    Raises:
        Unavailable: A receiver does not answer.
    """
    people = sorted({person for value in named_by for person in people_in(value)})
    effects: list[Effect] = []
    for receiver, keys_of in zip(PEERS, (_assignment_keys, _notification_keys), strict=True):
        with target.peer(receiver) as api:
            found = Counter(key for key in keys_of(api, people) if key.startswith(f"{instance}:"))
        effects += [Effect(receiver, key, times) for key, times in sorted(found.items())]
    return effects


def count_requests(target: Target) -> dict[str, int]:
    """Return how many effects each receiver was asked for, by anybody, since it started.

    Raises:
        Unavailable: A receiver does not answer.
    """
    counts = {}
    for receiver in PEERS:
        with target.peer(receiver) as api:
            counts[receiver] = sum_requests(api.lines("/metrics"), ROUTES[receiver])
    return counts


def sum_requests(lines: Iterable[str], route: str) -> int:
    """Return how many PUT requests of a route the metrics of a service count."""
    labels = ('http_method="PUT"', f'http_target="{route}"')
    return sum(
        int(float(line.rsplit(" ", 1)[1]))
        for line in lines
        if line.startswith(REQUESTS) and all(label in line for label in labels)
    )


def people_in(value: Any, name: str = "") -> Iterator[str]:
    """Yield the people that a JSON value names, by e-mail address or by id."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from people_in(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from people_in(inner, name)
    elif isinstance(value, str) and value and (name in NAMES or PERSON.fullmatch(value)):
        yield value


def _assignment_keys(api: Api, people: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for person in people:
        page = api.find("/assignments", member=person, limit=MOST_ITEMS)
        items = page["items"] if page else []
        # A member is found by id and by address.
        if items and items[0]["member_id"] not in seen:
            seen.add(items[0]["member_id"])
            yield from (item["key"] for item in items)


def _notification_keys(api: Api, people: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for person in people:
        page = api.find(url_path("inbox", person), limit=MOST_ITEMS)
        if page and page["recipient"] not in seen:
            seen.add(page["recipient"])
            yield from (item["key"] for item in page["items"])
