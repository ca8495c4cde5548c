"""FastAPI dependencies: what a route uses of what the assigner opened at its start."""

from typing import Annotated

from fastapi import Depends

from assigner.agenda import Agendas
from assigner.bootstrap import Assigner
from assigner.directory import Directory
from assigner.ledger import Ledger
from servicekit.startup import opened

AssignerDep = Annotated[Assigner, Depends(opened(Assigner))]


async def get_directory(assigner: AssignerDep) -> Directory:
    """Return the members."""
    return assigner.directory


async def get_ledger(assigner: AssignerDep) -> Ledger:
    """Return the assignments."""
    return assigner.ledger


async def get_agendas(assigner: AssignerDep) -> Agendas:
    """Return the members' agendas."""
    return assigner.agendas


DirectoryDep = Annotated[Directory, Depends(get_directory)]
LedgerDep = Annotated[Ledger, Depends(get_ledger)]
AgendasDep = Annotated[Agendas, Depends(get_agendas)]
