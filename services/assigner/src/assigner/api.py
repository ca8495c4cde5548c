"""The assigner's HTTP API."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, status

from assigner.service import Assigner
from contracts.assigner import (
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
from servicekit.startup import Startup

MemberPath = Annotated[Person, Path(examples=["alice"])]

TAGS = [
    {"name": "assignments", "description": "Who does which task"},
    {"name": "members", "description": "The team: skills, capacity, and who is away"},
]


def assignments_router(services: Startup[Assigner]) -> APIRouter:
    """Return the routes of the assignments."""
    router = APIRouter(tags=["assignments"])

    @router.put(
        "/assignments/{key}",
        summary="Assign a task",
        description="To the member who is named, or to the least loaded one with the skills. "
        "Repeating the request returns the first answer and assigns nothing again.",
        responses=problem_responses(
            ProblemType.UNKNOWN_MEMBER,
            ProblemType.MEMBER_AWAY,
            ProblemType.MEMBER_FULL,
            ProblemType.NO_MEMBER_AVAILABLE,
            ProblemType.KEY_REUSED,
            ProblemType.ASSIGNMENT_RELEASED,
        ),
    )
    async def put_assignment(key: KeyPath, request: AssignmentRequest) -> Assignment:
        return await services.value().ledger.assign(key, request)

    @router.get(
        "/assignments/{key}",
        summary="Who does the task?",
        responses=problem_responses(ProblemType.NOT_FOUND),
    )
    async def get_assignment(key: KeyPath) -> Assignment:
        return await services.value().ledger.assignment(key)

    @router.delete(
        "/assignments/{key}",
        summary="Release an assignment",
        description="Can be repeated. A key that is released can never be assigned again, also "
        "where it was not assigned before: a late request then has no effect.",
        status_code=status.HTTP_204_NO_CONTENT,
    )
    async def delete_assignment(key: KeyPath) -> None:
        await services.value().ledger.release(key)

    @router.get(
        "/assignments",
        summary="The assignments of a member",
        responses=problem_responses(ProblemType.UNKNOWN_MEMBER),
    )
    async def list_assignments(
        member: Annotated[
            str, Query(max_length=254, description="Id or e-mail address", examples=["alice"])
        ],
        before: Before = None,
        limit: Limit = 50,
    ) -> AssignmentPage:
        return await services.value().ledger.assignments_of(member, before, limit)

    return router


def members_router(services: Startup[Assigner]) -> APIRouter:
    """Return the routes of the members."""
    router = APIRouter(tags=["members"])

    @router.get("/members", summary="The members")
    async def list_members(before: Before = None, limit: Limit = 50) -> MemberPage:
        return await services.value().directory.page(before, limit)

    @router.get(
        "/members/{member_id}",
        summary="One member",
        responses=problem_responses(ProblemType.UNKNOWN_MEMBER),
    )
    async def get_member(member_id: MemberPath) -> Member:
        return (await services.value().directory.find(member_id)).shown()

    @router.put(
        "/members/{member_id}",
        summary="Add or change a member",
        responses=problem_responses(ProblemType.EMAIL_TAKEN),
    )
    async def put_member(member_id: MemberPath, profile: MemberProfile) -> Member:
        return await services.value().directory.put(member_id, profile)

    @router.delete(
        "/members/{member_id}",
        summary="Remove a member",
        status_code=status.HTTP_204_NO_CONTENT,
        responses=problem_responses(ProblemType.MEMBER_HOLDS_ASSIGNMENTS),
    )
    async def delete_member(member_id: MemberPath) -> None:
        await services.value().directory.remove(member_id)

    return router
