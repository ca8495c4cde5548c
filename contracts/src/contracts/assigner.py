"""The assigner's API: members, and the assignments that they hold."""

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

from contracts.fields import EmailAddress, Key, Person, Skill

APP_ID = "assigner"


def assignment_key(instance_id: str) -> str:
    """Return the key of the assignment that a workflow instance makes."""
    return f"{instance_id}:assign"


class MemberProfile(BaseModel):
    """What is known about a member, and may be changed."""

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
        default=False, description="Somebody who is away gets no new assignment"
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
    """A task that needs somebody: a member by id or e-mail address, or the skills it asks for."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"title": "Review the quarterly report", "assignee": "alice@example.com"},
                {"title": "Fix the build", "skills": ["python"]},
            ]
        },
    )

    title: str = Field(min_length=1, max_length=200)
    assignee: str | None = Field(
        default=None, min_length=1, max_length=254, description="A member's id or e-mail address"
    )
    skills: list[Skill] = Field(
        default=[], max_length=20, description="Asked for where nobody is named"
    )

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if self.assignee is None and not self.skills:
            raise ValueError("name an assignee or the skills that the task asks for")
        return self


class AssignmentStatus(StrEnum):
    """Whether an assignment still counts."""

    HELD = "held"
    RELEASED = "released"


class Assignment(BaseModel):
    """Who does a task."""

    key: Key
    title: str
    member_id: Person
    name: str = Field(description="The member's name")
    email: EmailAddress
    status: AssignmentStatus
    assigned_at: AwareDatetime
    released_at: AwareDatetime | None = None


class AssignmentPage(BaseModel):
    """Some assignments of a member, the newest first."""

    items: list[Assignment]
    next: int | None = Field(description="Pass as `before` to read on; null at the end")
