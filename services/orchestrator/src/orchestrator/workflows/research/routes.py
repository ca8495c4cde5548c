"""Reads drafts and reports of research, and manages the notes that it searches."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response, status

from contracts.fields import QueryInteger, RequestId
from contracts.problems import ProblemType
from orchestrator.api.deps import EngineDep, StoreDep, UploadDep, WorkflowSettingsDep
from orchestrator.api.params import InstanceId
from orchestrator.workflows.research.adapters.knowledge.notes import Note, Notes
from orchestrator.workflows.research.adapters.reports import Report, Reports
from orchestrator.workflows.research.models import MAX_ROUNDS, draft_key, report_key
from orchestrator.workflows.research.settings import ResearchSettings
from orchestrator.workflows.research.workflow import DEFINITION
from servicekit.problems import ProblemError, problem_responses
from servicekit.state import StateStore

NOTES_TAG = {"name": "notes", "description": "Texts of your own that research searches"}
NoteId = Annotated[RequestId, Path(description="Your name for the note", examples=["leap-seconds"])]

router = APIRouter(
    prefix=f"{DEFINITION.path}/{{instance_id}}",
    tags=[DEFINITION.title],
    responses=problem_responses(ProblemType.NOT_FOUND),
)
notes_router = APIRouter(prefix="/notes/{note_id}", tags=[NOTES_TAG["name"]])


async def _notes(store: StoreDep, settings: WorkflowSettingsDep) -> Notes:
    return Notes(store, settings.of(ResearchSettings).notes_quota)


NotesDep = Annotated[Notes, Depends(_notes)]


@router.get("/report", summary="Read the report")
async def read_report(instance_id: InstanceId, engine: EngineDep, store: StoreDep) -> Report:
    """Return the report that was delivered."""
    root = await engine.key_root(instance_id, DEFINITION)
    return await _find(store, instance_id, report_key(root), "report yet")


@router.get("/drafts/{number}", summary="Read a draft")
async def read_draft(
    instance_id: InstanceId,
    number: Annotated[QueryInteger, Path(ge=1, le=MAX_ROUNDS)],
    engine: EngineDep,
    store: StoreDep,
) -> Report:
    """Return a draft, by the round in which it was written."""
    root = await engine.key_root(instance_id, DEFINITION)
    return await _find(store, instance_id, draft_key(root, number), f"draft {number}")


@notes_router.put(
    "",
    summary="Add or replace a note",
    description="Research finds it by its words from now on.",
    responses={
        status.HTTP_201_CREATED: {"model": Note, "description": "There was no such note before"},
        **problem_responses(ProblemType.TOO_MANY_REQUESTS),
    },
)
async def put_note(
    note_id: NoteId, note: Note, response: Response, notes: NotesDep, upload: UploadDep
) -> Note:
    """Add a note, or replace it."""
    await upload.admit()
    if await notes.put(note_id, note):
        response.status_code = status.HTTP_201_CREATED
    return note


@notes_router.get("", summary="Read a note", responses=problem_responses(ProblemType.NOT_FOUND))
async def get_note(note_id: NoteId, notes: NotesDep) -> Note:
    """Return a note."""
    note = await notes.find(note_id)
    if note is None:
        raise ProblemError(ProblemType.NOT_FOUND, f"There is no note {note_id}")
    return note


@notes_router.delete("", summary="Delete a note", status_code=status.HTTP_204_NO_CONTENT)
async def delete_note(note_id: NoteId, notes: NotesDep) -> None:
    """Delete a note, if there is one."""
    await notes.put(note_id, None)


async def _find(store: StateStore, instance_id: str, key: str, what: str) -> Report:
    report = await Reports(store).find(key)
    if report is None:
        raise ProblemError(ProblemType.NOT_FOUND, f"{instance_id} has no {what}")
    return report
