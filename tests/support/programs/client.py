"""Runs programs over the public API, as a client that repeats what got no answer, and compares."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import httpx

from support.faults import persist
from support.programs.driver import WHY, Ended, drive
from support.programs.effects import member
from support.programs.nodes import EffectKind
from support.programs.program import Program
from support.programs.workflow import PATH
from support.system import System, eventually

PAGE = 200

__all__ = ["Ended", "Observed", "check", "differences", "drive", "observe", "purge", "start"]


@dataclass(frozen=True)
class Observed:
    """What is found of a program's effects at the services that record them.

    Args:
        effects: How often each was made, compensated or not.
        undone: How often each was compensated.
        taken: What its payments have taken in the end.
        attempts: How often the activity of each was tried.
    """

    effects: Counter[str]
    undone: Counter[str]
    taken: int
    attempts: Counter[str]


async def start(system: System, program: Program) -> None:
    """Start a program; repeating it starts nothing more."""
    await persist(
        lambda: system.orchestrator.post(PATH, json=program.request()),
        f"{program.instance_id} to be accepted",
    )


async def observe(system: System, program: Program) -> Observed:
    """Return what the services have recorded of a program's effects."""
    effects = program.effects()
    names = [effect.name for effect in effects]
    recorded = await _recorded(system, program.instance_id, names)
    records, payments = recorded["records"], recorded["payments"]
    made: Counter[str] = Counter()
    undone: Counter[str] = Counter()
    for effect in effects:
        if effect.kind is EffectKind.RECORD and (record := records.get(effect.name)):
            made[effect.name] += record["made"]
            undone[effect.name] += record["made"] and record["compensated"]
        elif effect.kind is EffectKind.PAYMENT and (movement := payments.get(effect.name)):
            # One that was compensated before it was made has no account.
            made[effect.name] += movement["account"] is not None
            undone[effect.name] += movement["status"] == "given-back" and bool(movement["account"])
    person = member(program.root)
    for assignment in await _assignments(system, person):
        name = assignment["key"].removeprefix(f"{program.root}:")
        made[name] += 1
        undone[name] += assignment["status"] == "released"
    for message in await _read(system.notifier, f"/inbox/{person}"):
        made[message["key"].removeprefix(f"{program.root}:")] += 1
    attempts = Counter({name: record["attempts"] for name, record in records.items()})
    return Observed(+made, +undone, recorded["taken"], attempts)


async def _assignments(system: System, person: str) -> list[dict[str, Any]]:
    async def known() -> bool | None:
        answer = await system.assigner.get(f"/members/{person}")
        # Whoever never got an assignment is unknown.
        return answer.status_code == 200 if answer.status_code in (200, 404) else None

    if not await eventually(known, f"{person} to be known or not"):
        return []
    return await _read(system.assigner, "/assignments", member=person)


async def _read(client: httpx.AsyncClient, path: str, **params: str) -> list[dict[str, Any]]:
    """Return the items of a list, none of which is as long as a page."""
    answer = await persist(lambda: client.get(path, params={**params, "limit": PAGE}), path)
    page = answer.json()
    assert page["next"] is None, page
    items: list[dict[str, Any]] = page["items"]
    return items


async def _recorded(system: System, instance_id: str, names: Sequence[str]) -> dict[str, Any]:
    answer = await persist(
        lambda: system.orchestrator.get(f"{PATH}/{instance_id}/effects", params={"names": names}),
        f"the effects of {instance_id}",
    )
    recorded: dict[str, Any] = answer.json()
    return recorded


def differences(program: Program, ended: Ended, observed: Observed) -> list[str]:
    """Return what is not as the model says; nothing where all is."""
    expected = program.expected(ended.accepted)
    pairs: list[tuple[str, Any, Any]] = [
        ("status", "COMPLETED", ended.state["status"]),
        ("output", expected.output, ended.state["output"]),
        ("effects", expected.effects, observed.effects),
        ("undone", expected.undone, observed.undone),
        ("taken", program.money(expected), observed.taken),
    ]
    return [
        f"{program.instance_id}: {what} is {found}, the model says {said}"
        for what, said, found in pairs
        if said != found
    ]


async def check(system: System, program: Program) -> list[str]:
    """Start a program, drive it to its end, and return what is not as the model says."""
    await start(system, program)
    ended = await drive(system, program)
    return differences(program, ended, await observe(system, program))


async def purge(system: System, program: Program) -> Program:
    """Purge a program that has ended, and return its next life."""
    await persist(
        lambda: system.orchestrator.delete(f"/instances/{program.instance_id}", params=WHY),
        f"{program.instance_id} to be purged",
    )
    return replace(program, life=program.life + 1)
