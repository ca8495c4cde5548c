"""The assigner's API: members and their assignments."""

from enum import StrEnum
from typing import Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    model_validator,
)

from contracts.fields import EmailAddress, Instant, Key, Person, Priority, Skill, is_none

APP_ID = "assigner"


def assignment_key(instance_id: str) -> str:
    """Return the key of the assignment that a workflow instance makes."""
    return f"{instance_id}:assign"


class MemberProfile(BaseModel):
    """A member's attributes, which may be changed."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "Grace Hopper",
                    "email": "grace@example.com",
                    "skills": ["cobol", "compilers"],
                    "capacity": 5,
                    "away": False,
                }
            ]
        },
    )

    name: str = Field(min_length=1, max_length=100)
    email: EmailAddress
    skills: list[Skill] = Field(default=[], max_length=50)
    capacity: StrictInt | None = Field(
        default=None,
        ge=0,
        le=1_000_000_000,
        description="How many assignments the member holds at most; null is no limit",
    )
    away: StrictBool = Field(
        default=False, description="A member who is away gets no new assignment"
    )


class Member(MemberProfile):
    """A member as the directory shows it."""

    model_config = ConfigDict(extra="ignore")

    id: Person
    held: int = Field(description="How many assignments the member holds now")


class MemberPage(BaseModel):
    """Some members of the directory, the newest first."""

    items: list[Member]
    next: int | None = Field(description="Pass as `before` to read on; null at the end")


class AssignmentRequest(BaseModel):
    """A task to assign: to a member by id or e-mail address, or by the skills that it requires."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"title": "Review the quarterly report", "assignee": "alice@example.com"},
                {
                    "title": "Fix the build",
                    "skills": ["python"],
                    "priority": "high",
                    "due": "2030-01-31T17:00:00+01:00",
                },
            ]
        },
    )

    title: str = Field(min_length=1, max_length=200)
    assignee: str | None = Field(
        default=None, min_length=1, max_length=254, description="A member's id or e-mail address"
    )
    skills: list[Skill] = Field(
        default=[], max_length=20, description="Required where no assignee is named"
    )
    priority: Priority | None = Field(
        default=None, exclude_if=is_none, description="How urgent it is; `normal` where left out"
    )
    due: Instant | None = Field(
        default=None, exclude_if=is_none, description="When it is to be done, with an offset"
    )

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if self.assignee is None and not self.skills:
            raise ValueError("name an assignee or the skills that the task requires")
        return self


class AssignmentStatus(StrEnum):
    """Whether an assignment is open."""

    HELD = "held"
    RELEASED = "released"


class Assignment(BaseModel):
    """The assignment of a task to a member."""

    key: Key
    title: str
    member_id: Person
    name: str = Field(description="The member's name")
    email: EmailAddress
    priority: Priority | None = Field(default=None, description="As requested")
    due: AwareDatetime | None = Field(default=None, description="As requested")
    status: AssignmentStatus
    assigned_at: AwareDatetime
    released_at: AwareDatetime | None = None


class AssignmentPage(BaseModel):
    """Some assignments of a member, the newest first."""

    items: list[Assignment]
    next: int | None = Field(description="Pass as `before` to read on; null at the end")


class AgendaItem(BaseModel):
    """An open assignment of a member."""

    key: Key
    title: str
    priority: Priority
    due: AwareDatetime | None
    overdue: bool = Field(description="Whether it was due before now")
    assigned_at: AwareDatetime


class Agenda(BaseModel):
    """The open assignments of a member, the most urgent first."""

    member_id: Person
    held: int = Field(description="How many assignments the member holds now")
    items: list[AgendaItem] = Field(
        description="By due date, those without one last; then by priority, then by the time of "
        "the assignment"
    )
    complete: bool = Field(
        description="Whether all open assignments were considered; otherwise those that were "
        "assigned first, 1,000 or so at most"
    )
