"""Reads what is recorded of a program's effects."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from contracts.problems import ProblemType
from orchestrator.api.deps import EngineDep, StoreDep
from orchestrator.api.params import InstanceId
from orchestrator.toolkit.ledger_records import Movement
from servicekit.problems import problem_responses
from support.programs.effects import OPENING, EffectRecord, ledger, movement_key, record_key
from support.programs.workflow import DEFINITION, PATH

router = APIRouter(tags=[DEFINITION.title])


class RecordedEffects(BaseModel):
    """What is recorded of the effects of a program, by their names."""

    records: dict[str, EffectRecord]
    payments: dict[str, Movement]
    taken: int


@router.get(
    PATH + "/{instance_id}/effects",
    summary="List the effects",
    responses=problem_responses(ProblemType.NOT_FOUND),
)
async def effects(
    instance_id: InstanceId,
    engine: EngineDep,
    store: StoreDep,
    names: Annotated[list[str] | None, Query(description="Of effects of the program")] = None,
) -> RecordedEffects:
    """Return what is recorded of the effects of a program."""
    root = await engine.key_root(instance_id, DEFINITION)
    wanted = names or []
    records = await store.get_many([record_key(root, name) for name in wanted], EffectRecord)
    moves = await store.get_many([movement_key(root, name) for name in wanted], Movement)
    found = {name: records[record_key(root, name)].value for name in wanted}
    moved = {name: moves[movement_key(root, name)].value for name in wanted}
    return RecordedEffects(
        records={name: record for name, record in found.items() if record is not None},
        payments={name: move for name, move in moved.items() if move is not None},
        taken=OPENING - await ledger(store).balance(root),
    )
