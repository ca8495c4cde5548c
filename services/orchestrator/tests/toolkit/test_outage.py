"""A peer that is away is waited for, up to a minute apart; what it refuses or breaks is not."""

from collections.abc import Callable, Generator, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from dapr.ext.workflow import DaprWorkflowContext, TaskFailedError
from pydantic import BaseModel
from unit_support.asking import Question, asking

from orchestrator.dapr_sdk.private import NonRetryableError
from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.settings import Settings
from orchestrator.testing.environment import START, Environment, Run
from orchestrator.testing.replay import replay
from orchestrator.toolkit.activity_ref import ActivityRef
from orchestrator.toolkit.outage_wait import ATTEMPTS_A_GENERATION, READ_OUTAGE_TERMS, OutageTerms
from orchestrator.toolkit.peer_errors import PeerUnavailable, PeerUnreachable

DAY = timedelta(days=1)
# What Dapr's channel to the worker takes in one message, and so the most that a history can have.
WALL = 4 * 1024 * 1024


class Letter(BaseModel):
    """A letter to send, by its key."""

    key: str


class Sent(BaseModel):
    """What was sent."""

    key: str


SEND = ActivityRef("send", Letter, Sent)
AWAY = PeerUnreachable("notifier", "503 not ready. " * 40)
BROKEN = PeerUnavailable("notifier answered 500: a bug")
REFUSED = NonRetryableError("no such address")


def sends(until: timedelta | None = None) -> Any:
    def workflow(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, str]:
        letter = Letter(key=f"{ctx.instance_id}:letter")
        try:
            sent = yield from SEND.call(ctx, letter, until=until and START + until)
        except TaskFailedError as error:
            return f"{error.details.error_type}: {error.details.message}"
        return sent.key

    return asking(workflow)


class Post:
    """A peer that fails so, attempt by attempt, and then succeeds."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.attempts = 0
        self.sent: list[str] = []
        self.longest = 0
        self.sizes: Callable[[], int] = lambda: 0

    def __call__(self, letter: Letter) -> Sent:
        self.attempts += 1
        if self.attempts % 10 == 0:
            self.longest = max(self.longest, self.sizes())
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(letter.key)
        return Sent(key=letter.key)


def started(post: Post, definition: Any = None, **stubs: Any) -> tuple[Environment, Run]:
    hosts = Environment([definition or sends()], {SEND: post, **stubs})
    run = hosts.start("ask_workflow", "ask-1", Question())
    post.sizes = lambda: max(sum(e.ByteSize() for e in r.history) for r in (run, *run.children))
    return hosts, run


def times(run: Run) -> list[timedelta]:
    """Return when the activity was tried, by whoever tried it."""
    return [call.at for r in (run, *run.children) for call in r.calls if call.name == SEND]


def pauses(run: Run) -> list[float]:
    return [(b - a).total_seconds() for a, b in pairwise(times(run))]


def test_what_succeeds_within_three_attempts_needs_no_child() -> None:
    hosts, run = started(Post(AWAY, AWAY))
    hosts.run()
    assert (run.output, run.children, pauses(run)) == ("ask-1:letter", [], [1, 2])


def test_an_outage_of_hours_is_waited_for_under_one_key() -> None:
    hosts, run = started(post := Post(*[AWAY] * 120))
    hosts.run()
    assert (run.status, run.output) == (RuntimeStatus.COMPLETED, "ask-1:letter")
    assert post.sent == ["ask-1:letter"]
    assert pauses(run)[:8] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert max(pauses(run)) == 60
    [child] = run.children
    assert child.instance_id == "ask-1:send-outage-1"
    assert child.generations == (120 - 3) // ATTEMPTS_A_GENERATION + 1
    assert post.longest < 80_000 < WALL / 50


def test_a_peer_that_asks_for_time_gets_it_up_to_the_longest_pause() -> None:
    busy = [PeerUnreachable("notifier", "429 busy", seconds) for seconds in (30, 30, 30, 900, 1)]
    hosts, run = started(post := Post(*busy))
    hosts.run()
    assert (run.output, post.sent) == ("ask-1:letter", ["ask-1:letter"])
    assert pauses(run) == [1, 2, 30, 60, 16]


def test_by_default_it_is_waited_for_for_a_day() -> None:
    assert Settings().outage_wait_seconds == DAY.total_seconds()
    assert Settings().outage_longest_pause_seconds == 60


def test_it_is_given_up_in_the_end_as_the_failure_that_it_is() -> None:
    terms = OutageTerms(wait_seconds=1_000, longest_pause_seconds=60)
    hosts, run = started(Post(*[AWAY] * 10_000), **{READ_OUTAGE_TERMS: lambda _: terms})
    hosts.run()
    assert run.output.startswith("PeerUnreachable: notifier unreachable: 503 not ready.")
    assert "attempts since 2026-01-01T00:00:00Z" in run.output
    assert times(run)[-1] == timedelta(seconds=1_000)


def test_a_deadline_of_the_workflow_ends_the_wait_sooner() -> None:
    hosts, run = started(Post(*[AWAY] * 10_000), sends(until=timedelta(seconds=100)))
    hosts.run()
    assert run.output.startswith("PeerUnreachable:")
    assert times(run)[-1] == timedelta(seconds=100)


def test_after_the_deadline_nothing_is_waited_for() -> None:
    hosts, run = started(Post(*[AWAY] * 10), sends(until=timedelta(seconds=3)))
    hosts.run()
    assert (run.children, len(times(run))) == ([], 3)


@pytest.mark.parametrize(
    ("failures", "attempts"),
    [
        ([BROKEN] * 9, 3),
        ([REFUSED], 1),
        ([AWAY, REFUSED], 2),
        ([AWAY, AWAY, REFUSED], 3),
        ([AWAY] * 10 + [REFUSED], 11),
        ([AWAY, AWAY, BROKEN, BROKEN, BROKEN], 5),
        ([AWAY] * 10 + [BROKEN] * 9, 13),
        ([BROKEN, AWAY, BROKEN, BROKEN, BROKEN], 5),
    ],
)
def test_what_is_refused_or_broken_three_times_is_final(
    failures: list[Exception], attempts: int
) -> None:
    hosts, run = started(post := Post(*failures))
    hosts.run()
    assert (run.output, post.attempts) == (
        f"{type(failures[attempts - 1]).__name__}: {failures[attempts - 1]}",
        attempts,
    )


@pytest.mark.parametrize(
    "failures",
    [
        [AWAY, AWAY, BROKEN, BROKEN],
        [BROKEN, BROKEN, AWAY, BROKEN, BROKEN],
        [AWAY] * 5 + [BROKEN, BROKEN, AWAY, BROKEN, BROKEN, AWAY],
    ],
)
def test_errors_of_its_own_in_between_are_tried_again(failures: list[Exception]) -> None:
    hosts, run = started(Post(*failures))
    hosts.run()
    assert run.output == "ask-1:letter"


def test_it_says_what_is_waited_for_since_when() -> None:
    hosts, run = started(Post(*[AWAY] * 1_000))
    hosts.run(until=timedelta(seconds=10))
    [child] = run.children
    progress = child.progress[-1]
    assert progress.step == SEND
    assert progress.message == (
        "Waiting for the notifier: unreachable since 2026-01-01T00:00:00Z, next attempt at "
        "2026-01-01T00:00:15Z, attempt 5"
    )
    assert progress.details["given_up_at"] == "2026-01-02T00:00:00Z"


def test_the_settings_count_that_held_when_the_wait_began() -> None:
    read: list[OutageTerms] = []

    def terms(_: Any) -> OutageTerms:
        read.append(OutageTerms(wait_seconds=3_600, longest_pause_seconds=2))
        return read[-1]

    hosts, run = started(Post(*[AWAY] * 60), **{READ_OUTAGE_TERMS: terms})
    hosts.run()
    assert run.output == "ask-1:letter"
    assert (len(read), max(pauses(run))) == (1, 2)


def history_of(failures: Sequence[Exception]) -> tuple[Run, list[Run]]:
    hosts, run = started(Post(*failures))
    hosts.run()
    return run, run.children


@pytest.mark.parametrize("failures", [[AWAY] * 20, [AWAY, BROKEN, BROKEN], [AWAY, AWAY, BROKEN]])
def test_its_histories_replay(failures: list[Exception]) -> None:
    run, children = history_of(failures)
    assert run.output == "ask-1:letter"
    for one in (run, *children):
        replay([sends()], one.instance_id, one.history)


def test_an_instance_whose_outage_earlier_code_recorded_ends_as_it_did() -> None:
    before = PeerUnavailable("notifier: ConnectError")
    hosts, run = started(Post(before, before, before))
    hosts.run()
    assert run.output == "PeerUnavailable: notifier: ConnectError"
    assert run.children == []
    replay([sends()], run.instance_id, run.history)
