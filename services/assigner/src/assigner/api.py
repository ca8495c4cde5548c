"""The assigner's HTTP API."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, status

from assigner.deps import AgendasDep, DirectoryDep, LedgerDep
from contracts.assigner import (
    Agenda,
    Assignment,
    AssignmentPage,
    AssignmentRequest,
    Member,
    MemberPage,
    MemberProfile,
)
from contracts.fields import Person
from contracts.problems import ProblemType
from servicekit.params import Before, KeyPath, Limit
from servicekit.problems import problem_responses

MemberPath = Annotated[Person, Path(examples=["alice"])]
MemberQuery = Annotated[
    str, Query(max_length=254, description="Id or e-mail address", examples=["alice"])
]

TAGS = [
    {"name": "assignments", "description": "The assignments of tasks to members"},
    {"name": "members", "description": "The team: skills, capacity, absence"},
]

assignments_router = APIRouter(tags=["assignments"])
members_router = APIRouter(tags=["members"])


@assignments_router.put(
    "/assignments/{key}",
    summary="Assign a task",
    description="To the named member, or to the least loaded member with the skills. Idempotent: "
    "a repeat returns the first answer.",
    responses=problem_responses(
        ProblemType.UNKNOWN_MEMBER,
        ProblemType.MEMBER_AWAY,
        ProblemType.MEMBER_FULL,
        ProblemType.NO_MEMBER_AVAILABLE,
        ProblemType.KEY_REUSED,
        ProblemType.ASSIGNMENT_RELEASED,
    ),
)
async def put_assignment(key: KeyPath, request: AssignmentRequest, ledger: LedgerDep) -> Assignment:
    """Assign a task."""
    return await ledger.assign(key, request)


@assignments_router.get(
    "/assignments/{key}",
    summary="Get an assignment",
    responses=problem_responses(ProblemType.NOT_FOUND),
)
async def get_assignment(key: KeyPath, ledger: LedgerDep) -> Assignment:
    """Return one assignment."""
    return await ledger.assignment(key)


@assignments_router.delete(
    "/assignments/{key}",
    summary="Release an assignment",
    description="Idempotent. A released key can never be assigned again, even if it was never "
    "assigned: a delayed request then has no effect.",
    status_code=status.HTTP_204_NO_CONTENT,
)
async def delete_assignment(key: KeyPath, ledger: LedgerDep) -> None:
    """Release an assignment."""
    await ledger.release(key)


@assignments_router.get(
    "/assignments",
    summary="List a member's assignments",
    responses=problem_responses(ProblemType.UNKNOWN_MEMBER),
)
async def list_assignments(
    ledger: LedgerDep, member: MemberQuery, before: Before = None, limit: Limit = 50
) -> AssignmentPage:
    """Return a member's assignments, the newest first."""
    return await ledger.assignments_of(member, before, limit)


@members_router.get("/members", summary="List members")
async def list_members(
    directory: DirectoryDep, before: Before = None, limit: Limit = 50
) -> MemberPage:
    """Return members, the newest first."""
    return await directory.page(before, limit)


@members_router.get(
    "/members/{member_id}",
    summary="Get a member",
    responses=problem_responses(ProblemType.UNKNOWN_MEMBER),
)
async def get_member(member_id: MemberPath, directory: DirectoryDep) -> Member:
    """Return one member."""
    return (await directory.find(member_id)).to_api()


@members_router.get(
    "/members/{member_id}/agenda",
    summary="Get a member's agenda",
    description="The open assignments by due date (overdue ones first, those without one last), "
    "then by priority, then by the time of the assignment. One request reads a part of a long "
    "history: `complete` is false then, and a repeat continues.",
    responses=problem_responses(ProblemType.UNKNOWN_MEMBER),
)
async def get_agenda(member_id: MemberPath, agendas: AgendasDep, limit: Limit = 100) -> Agenda:
    """Return a member's open assignments, the most urgent first."""
    return await agendas.read(member_id, limit, datetime.now(UTC))


@members_router.put(
    "/members/{member_id}",
    summary="Add or change a member",
    responses=problem_responses(ProblemType.EMAIL_TAKEN),
)
async def put_member(
    member_id: MemberPath, profile: MemberProfile, directory: DirectoryDep
) -> Member:
    """Add a member, or change what is known about one."""
    return await directory.put(member_id, profile)


@members_router.delete(
    "/members/{member_id}",
    summary="Remove a member",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_responses(ProblemType.MEMBER_HOLDS_ASSIGNMENTS),
)
async def delete_member(member_id: MemberPath, directory: DirectoryDep) -> None:
    """Remove a member who holds no assignment."""
    await directory.remove(member_id)
