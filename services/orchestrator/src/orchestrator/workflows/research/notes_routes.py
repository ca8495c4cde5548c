"""Notes: what people add to the knowledge that research searches."""

from typing import Annotated

from fastapi import APIRouter, Path, Response, status

from contracts.fields import RequestId
from contracts.problems import ProblemType
from orchestrator.bootstrap import Orchestrator
from orchestrator.workflows.research.adapters.knowledge.notes import Note, Notes
from servicekit.problems import ProblemError, problem_responses
from servicekit.startup import Startup

TAG = {"name": "notes", "description": "What you know, and research is to find"}
NoteId = Annotated[RequestId, Path(description="Your name for the note", examples=["leap-seconds"])]


def router(services: Startup[Orchestrator]) -> APIRouter:
    """Return the routes of notes."""
    router = APIRouter(prefix="/notes/{note_id}", tags=[TAG["name"]])

    @router.put(
        "",
        summary="Add a note, or replace it",
        description="Research finds it from now on, by its words.",
        responses={
            status.HTTP_201_CREATED: {"model": Note, "description": "There was no such note before"}
        },
    )
    async def put_note(note_id: NoteId, note: Note, response: Response) -> Note:
        if await Notes(services.value().store).put(note_id, note):
            response.status_code = status.HTTP_201_CREATED
        return note

    @router.get("", summary="Read a note", responses=problem_responses(ProblemType.NOT_FOUND))
    async def get_note(note_id: NoteId) -> Note:
        note = await Notes(services.value().store).find(note_id)
        if note is None:
            raise ProblemError(ProblemType.NOT_FOUND, f"There is no note {note_id}")
        return note

    @router.delete(
        "", summary="Remove a note, if it is there", status_code=status.HTTP_204_NO_CONTENT
    )
    async def delete_note(note_id: NoteId) -> None:
        await Notes(services.value().store).put(note_id, None)

    return router
