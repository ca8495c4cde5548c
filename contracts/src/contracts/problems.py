"""Errors of the services: problem details for HTTP APIs (RFC 9457)."""

from enum import StrEnum
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

MEDIA_TYPE = "application/problem+json"
URN_PREFIX = "urn:taskway:problem:"


class ProblemType(StrEnum):
    """The stable name of each kind of problem; `type` in the answer is this URN."""

    VALIDATION = URN_PREFIX + "validation"
    UNAUTHORIZED = URN_PREFIX + "unauthorized"
    NOT_FOUND = URN_PREFIX + "not-found"
    METHOD_NOT_ALLOWED = URN_PREFIX + "method-not-allowed"
    PAYLOAD_TOO_LARGE = URN_PREFIX + "payload-too-large"
    UNSUPPORTED_MEDIA_TYPE = URN_PREFIX + "unsupported-media-type"
    MISDIRECTED = URN_PREFIX + "misdirected-request"
    CROSS_ORIGIN = URN_PREFIX + "cross-origin-request"
    BAD_REQUEST = URN_PREFIX + "bad-request"
    KEY_REUSED = URN_PREFIX + "key-reused"
    IDEMPOTENCY_KEY_REUSED = URN_PREFIX + "idempotency-key-reused"
    REQUEST_IN_PROGRESS = URN_PREFIX + "request-in-progress"
    UNKNOWN_MEMBER = URN_PREFIX + "unknown-member"
    MEMBER_AWAY = URN_PREFIX + "member-away"
    MEMBER_FULL = URN_PREFIX + "member-full"
    NO_MEMBER_AVAILABLE = URN_PREFIX + "no-member-available"
    MEMBER_HOLDS_ASSIGNMENTS = URN_PREFIX + "member-holds-assignments"
    EMAIL_TAKEN = URN_PREFIX + "email-taken"
    ASSIGNMENT_RELEASED = URN_PREFIX + "assignment-released"
    UNDELIVERABLE = URN_PREFIX + "undeliverable"
    DELIVERY_UNAVAILABLE = URN_PREFIX + "delivery-unavailable"
    INSTANCE_EXISTS = URN_PREFIX + "instance-exists"
    INSTANCE_FINISHED = URN_PREFIX + "instance-finished"
    INSTANCE_GONE = URN_PREFIX + "instance-gone"
    INSTANCE_TORN = URN_PREFIX + "instance-torn"
    WRONG_STATE = URN_PREFIX + "wrong-state"
    NOT_WAITING = URN_PREFIX + "not-waiting"
    CLAIMED = URN_PREFIX + "claimed"
    ALREADY_DECIDED = URN_PREFIX + "already-decided"
    TOO_MANY_REQUESTS = URN_PREFIX + "too-many-requests"
    UNAVAILABLE = URN_PREFIX + "unavailable"
    INTERNAL = URN_PREFIX + "internal"


class ProblemKind(NamedTuple):
    """The HTTP status and the title that go with a problem type."""

    status: int
    title: str


PROBLEM_KINDS: dict[ProblemType, ProblemKind] = {
    ProblemType.VALIDATION: ProblemKind(422, "The request is not valid"),
    ProblemType.UNAUTHORIZED: ProblemKind(401, "The API token is missing or wrong"),
    ProblemType.NOT_FOUND: ProblemKind(404, "Resource not found"),
    ProblemType.METHOD_NOT_ALLOWED: ProblemKind(405, "The resource does not support this method"),
    ProblemType.PAYLOAD_TOO_LARGE: ProblemKind(413, "The request body is too large"),
    ProblemType.UNSUPPORTED_MEDIA_TYPE: ProblemKind(415, "The request body is not plain JSON"),
    ProblemType.MISDIRECTED: ProblemKind(421, "The request is for another host"),
    ProblemType.CROSS_ORIGIN: ProblemKind(403, "The request comes from another site"),
    ProblemType.BAD_REQUEST: ProblemKind(400, "The request cannot be parsed"),
    ProblemType.KEY_REUSED: ProblemKind(409, "The key was used with another body"),
    ProblemType.IDEMPOTENCY_KEY_REUSED: ProblemKind(
        422, "The Idempotency-Key was used with another request"
    ),
    ProblemType.REQUEST_IN_PROGRESS: ProblemKind(409, "The same request is being handled"),
    ProblemType.UNKNOWN_MEMBER: ProblemKind(404, "Member not found"),
    ProblemType.MEMBER_AWAY: ProblemKind(409, "The member is away"),
    ProblemType.MEMBER_FULL: ProblemKind(409, "The member has no capacity left"),
    ProblemType.NO_MEMBER_AVAILABLE: ProblemKind(409, "No member is available"),
    ProblemType.MEMBER_HOLDS_ASSIGNMENTS: ProblemKind(409, "The member holds assignments"),
    ProblemType.EMAIL_TAKEN: ProblemKind(409, "The e-mail address belongs to another member"),
    ProblemType.ASSIGNMENT_RELEASED: ProblemKind(409, "The assignment was released"),
    ProblemType.UNDELIVERABLE: ProblemKind(422, "The notification cannot be delivered"),
    ProblemType.DELIVERY_UNAVAILABLE: ProblemKind(503, "Delivery is temporarily unavailable"),
    ProblemType.INSTANCE_EXISTS: ProblemKind(409, "The id was used with another request"),
    ProblemType.INSTANCE_FINISHED: ProblemKind(410, "The workflow instance has ended"),
    ProblemType.INSTANCE_GONE: ProblemKind(410, "The workflow instance was purged"),
    ProblemType.INSTANCE_TORN: ProblemKind(500, "The stored state of the instance is incomplete"),
    ProblemType.WRONG_STATE: ProblemKind(409, "The operation is not allowed in this state"),
    ProblemType.NOT_WAITING: ProblemKind(409, "The workflow does not wait for this event"),
    ProblemType.CLAIMED: ProblemKind(409, "Claimed by another user"),
    ProblemType.ALREADY_DECIDED: ProblemKind(409, "Already decided"),
    ProblemType.TOO_MANY_REQUESTS: ProblemKind(429, "A limit is reached"),
    ProblemType.UNAVAILABLE: ProblemKind(503, "The service is temporarily unavailable"),
    ProblemType.INTERNAL: ProblemKind(500, "Internal server error"),
}


class FieldError(BaseModel):
    """Why one field of a request is invalid."""

    field: str = Field(description="Where the field is, such as `body.title` or `query.limit`")
    message: str


class Problem(BaseModel):
    """The body of every error answer."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": ProblemType.VALIDATION,
                    "title": "The request is not valid",
                    "status": 422,
                    "detail": "body.title: Field required",
                    "errors": [{"field": "body.title", "message": "Field required"}],
                }
            ]
        },
    )

    type: ProblemType
    title: str
    status: int = Field(description="The HTTP status of this answer", ge=400, le=599)
    trace_id: str | None = Field(
        default=None, description="Of the request's trace, where it is recorded"
    )
    request_id: str | None = Field(
        default=None,
        description="What the log has of an unexpected error, where no trace is recorded",
    )
    detail: str = Field(description="What happened, for a person to read")
    errors: list[FieldError] = Field(default=[], description="The invalid fields, if any")
