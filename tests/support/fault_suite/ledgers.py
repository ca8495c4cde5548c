"""What the receiving services have in their own ledgers, read over their public APIs."""

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import httpx

from support.fault_suite.people import People
from support.orders import balance, level
from support.system import System, all_items


@dataclass
class Ledgers:
    """The effects of a run.

    Args:
        assignments: The status of each entry, by instance and the rest of its key; more than one
            is an effect that happened twice.
        notifications: How many messages there are, by instance and the rest of their key.
        miscounted: The members whose count is not that of their open assignments.
        stock: How many pencils there are.
        wallets: What each customer has.
    """

    assignments: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    notifications: dict[str, Counter[str]] = field(default_factory=dict)
    miscounted: list[str] = field(default_factory=list)
    stock: int = 0
    wallets: dict[str, int] = field(default_factory=dict)

    @property
    def effects(self) -> int:
        """How many assignments and messages there are."""
        made = sum(len(e) for entries in self.assignments.values() for e in entries.values())
        return made + sum(messages.total() for messages in self.notifications.values())


async def read_ledgers(system: System, people: People) -> Ledgers:
    """Read every list of every person of a run, and the shop."""
    found = Ledgers(
        assignments=defaultdict(lambda: defaultdict(list)), notifications=defaultdict(Counter)
    )
    found.stock = await level(system, "pencil")
    for customer in people.customers():
        found.wallets[customer] = await balance(system, customer)
    await asyncio.gather(*(_read_person(system, person, found) for person in people.all()))
    return found


async def _read_person(system: System, person: str, found: Ledgers) -> None:
    for message in await _items(system.notifier, f"/inbox/{person}", {}):
        instance, _, step = message["key"].partition(":")
        found.notifications[instance][step] += 1
    member = await system.assigner.get(f"/members/{person}")
    if member.status_code == 404:
        return  # Nothing was ever assigned to them.
    assert member.is_success, member.text
    assignments = await _items(system.assigner, "/assignments", {"member": person})
    for assignment in assignments:
        instance, _, step = assignment["key"].partition(":")
        found.assignments[instance][step].append(assignment["status"])
    held = sum(assignment["status"] == "held" for assignment in assignments)
    if held != member.json()["held"]:
        found.miscounted.append(f"{person} counts {member.json()['held']}, and holds {held}")


async def _items(
    client: httpx.AsyncClient, path: str, params: dict[str, Any]
) -> list[dict[str, Any]]:
    items = await all_items(client, path, params)
    return list(items)
