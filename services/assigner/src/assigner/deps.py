"""FastAPI dependencies: the parts of the assigner that its routes use."""

from typing import Annotated

from fastapi import Depends

from assigner.agenda import Agendas
from assigner.bootstrap import Assigner
from assigner.directory import Directory
from assigner.ledger import Ledger
from servicekit.startup import opened

AssignerDep = Annotated[Assigner, Depends(opened(Assigner))]


async def get_directory(assigner: AssignerDep) -> Directory:
    """Return the directory of members."""
    return assigner.directory


async def get_ledger(assigner: AssignerDep) -> Ledger:
    """Return the ledger of assignments."""
    return assigner.ledger


async def get_agendas(assigner: AssignerDep) -> Agendas:
    """Return the reader of agendas."""
    return assigner.agendas


DirectoryDep = Annotated[Directory, Depends(get_directory)]
LedgerDep = Annotated[Ledger, Depends(get_ledger)]
AgendasDep = Annotated[Agendas, Depends(get_agendas)]
