"""The child workflow that waits for a peer that is away, and tries its activity now and then."""

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError
from pydantic import BaseModel, Field

from orchestrator.dapr_sdk.private import Task
from orchestrator.toolkit.peer_errors import asked_to_wait, is_outage
from orchestrator.toolkit.progress import report
from orchestrator.toolkit.retries import ATTEMPTS, RETRY

OUTAGE = "outage_workflow"
"""Dapr's name of the child workflow, which never changes: histories have it."""
READ_OUTAGE_TERMS = "read_outage_terms"
"""Dapr's name of the activity that reads the settings, which never changes either."""

# An attempt leaves about 1 KB in the history, and its input twice at most.
ATTEMPTS_A_GENERATION = 50
# By then, pauses that double are longer than any setting.
MOST_DOUBLINGS = 20
NON_RETRYABLE = "NonRetryableError"
"""What the SDK never retries, by the name that histories have."""


class OutageTerms(BaseModel):
    """How an outage is waited for, fixed when the wait begins: later settings change nothing."""

    wait_seconds: float = Field(description="How long, from the first attempt on")
    longest_pause_seconds: float = Field(description="Between two attempts")


class Failure(BaseModel):
    """Why an attempt failed: the name of the error's class, and its message."""

    type: str
    message: str

    @property
    def final(self) -> bool:
        """Whether another attempt would fail the same way."""
        return self.type == NON_RETRYABLE


class Waited(BaseModel):
    """What the child workflow returns: the activity's output, or why it was given up."""

    output: Any = None
    failure: Failure | None = None


class OutageWait(BaseModel):
    """The input of the child workflow: the activity, and how its attempts went so far."""

    activity: str = Field(description="Dapr's name of it")
    input: Any = Field(description="Its input, the same for each attempt: with its key")
    peer: str = Field(description="Which peer is away, for people")
    since: datetime = Field(description="When it was first tried, in UTC without offset")
    attempts: int = Field(description="How many have failed")
    own_errors: int = Field(description="How many of the last ones by an error of the peer's own")
    failure: Failure = Field(description="Why the last attempt failed")
    until: datetime | None = Field(
        default=None, description="The deadline of who waits, in UTC without offset, if any"
    )
    terms: OutageTerms | None = Field(default=None, description="None before they are read")
    next_attempt_at: datetime = Field(description="In UTC without offset")

    @property
    def deadline(self) -> datetime | None:
        """When it is given up; None before the terms are read, where who waits has none."""
        if self.terms is None:
            return self.until
        ends = self.since + timedelta(seconds=self.terms.wait_seconds)
        return ends if self.until is None else min(ends, self.until)

    def given_up(self, now: datetime) -> bool:
        """Return whether no further attempt is made."""
        late = self.deadline is not None and now >= self.deadline
        return self.failure.final or self.own_errors >= ATTEMPTS or late

    def scheduled(self, now: datetime, terms: OutageTerms) -> "OutageWait":
        """Return the same with the time of the next attempt, of which the last is at the deadline.

        An error of the peer's own is tried again after the pauses of any step, 1 s and 2 s; an
        outage after pauses that double, or later where the peer asks for that (Retry-After), and
        after the longest pause in any case.
        """
        doublings = (self.own_errors or self.attempts) - 1
        asked = asked_to_wait(self.failure.message) if is_outage(self.failure.type) else 0
        pause = min(max(2.0 ** min(doublings, MOST_DOUBLINGS), asked), terms.longest_pause_seconds)
        following = self.model_copy(update={"terms": terms})
        at = now + timedelta(seconds=pause)
        if following.deadline is not None:
            at = max(now, min(at, following.deadline))
        return following.model_copy(update={"next_attempt_at": at})

    def after(self, failure: Failure) -> "OutageWait":
        """Return what follows a failed attempt."""
        own = 0 if is_outage(failure.type) else self.own_errors + 1
        return self.model_copy(
            update={"attempts": self.attempts + 1, "own_errors": own, "failure": failure}
        )

    def message(self) -> str:
        """Return what is waited for, for people."""
        return waiting_for(self.peer, self.since, self.next_attempt_at, self.attempts + 1)


def outage_workflow(
    ctx: DaprWorkflowContext, request: OutageWait
) -> Generator[Task[Any], Any, Waited | None]:
    """Try an activity, up to a minute apart, until it succeeds, fails otherwise, or time is up.

    After 50 attempts it continues as new, so that its history stays short. It does so in the turn
    of an activity: Dapr 1.18.2 loses an instance whose worker dies while it continues as new in
    the turn of a timer. That goes when the minimum is Dapr 1.19.
    """
    terms = request.terms
    if terms is None:
        _report(ctx, request)
        read = yield ctx.call_activity(READ_OUTAGE_TERMS, input=request.peer, retry_policy=RETRY)
        terms = OutageTerms.model_validate(read)
    for _ in range(ATTEMPTS_A_GENERATION):
        if request.given_up(ctx.current_utc_datetime):
            return Waited(failure=_gave_up(request))
        request = request.scheduled(ctx.current_utc_datetime, terms)
        _report(ctx, request)
        yield ctx.create_timer(request.next_attempt_at)
        try:
            return Waited(output=(yield ctx.call_activity(request.activity, input=request.input)))
        except TaskFailedError as error:
            details = error.details
            request = request.after(Failure(type=details.error_type, message=details.message))
    ctx.continue_as_new(request.model_dump(mode="json"))
    return None


def _gave_up(request: OutageWait) -> Failure:
    if request.failure.final or not is_outage(request.failure.type):
        return request.failure
    tried = f"{request.attempts:,} attempts since {utc(request.since)}"
    return Failure(type=request.failure.type, message=f"{request.failure.message} ({tried})")


def _report(ctx: DaprWorkflowContext, state: OutageWait) -> None:
    details = {
        "activity": state.activity,
        "peer": state.peer,
        "attempts": state.attempts,
        "error": state.failure.message,
        "unreachable_since": utc(state.since),
        "next_attempt_at": utc(state.next_attempt_at),
        "given_up_at": state.deadline and utc(state.deadline),
    }
    report(ctx, state.activity, _sentence(state.message()), details=details)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def waiting_for(peer: str, since: datetime, at: datetime, attempt: int) -> str:
    """Return that a peer is waited for, for people.

    Args:
        peer: Its name.
        since: When it was first tried in vain, in UTC.
        at: When the next attempt is due, or was begun, in UTC.
        attempt: The number of that attempt, from 1 on.
    """
    return (
        f"waiting for the {peer}: unreachable since {utc(since)}, next attempt at {utc(at)}, "
        f"attempt {attempt}"
    )


def utc(time: datetime) -> str:
    """Return a time in UTC, for people."""
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"
