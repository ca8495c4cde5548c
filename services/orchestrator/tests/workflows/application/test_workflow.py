"""How applications are scored, and what becomes of them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.assigner import Assignment, AssignmentStatus
from contracts.orchestrator import RuntimeStatus
from orchestrator.dapr_sdk.private import NonRetryableError
from orchestrator.testing.dependencies import activity_dependencies
from orchestrator.testing.environment import Run, execute
from orchestrator.toolkit.messages import (
    ASSIGN_TASK,
    RELEASE_ASSIGNMENT,
    SEND_NOTIFICATION,
    AssignTask,
    AssignTaskResult,
    NotificationSent,
    SendNotification,
)
from orchestrator.workflows.application.activities import activities
from orchestrator.workflows.application.adapters.rules_file import load
from orchestrator.workflows.application.models import (
    FAIL_TO_NOTIFY,
    SCREEN_APPLICATION,
    ApplicationRequest,
    Route,
    Screening,
)
from orchestrator.workflows.application.screening import (
    Position,
    Rules,
    Thresholds,
    mentions,
    score,
)
from orchestrator.workflows.application.settings import ApplicationSettings
from orchestrator.workflows.application.workflow import DEFINITION, route_of

RULES = load(ApplicationSettings().application_rules_file)
THRESHOLDS = Thresholds(high=70, medium=40)
SAMPLES = {name: sample.request for name, sample in DEFINITION.samples.items()}


@pytest.mark.parametrize(
    ("text", "keyword", "there"),
    [
        ("Python", "python", True),
        ("I write PYTHON.", "python", True),
        ("(python)", "python", True),
        ("python-based", "python", True),
        ("pythonic", "python", False),
        ("cpython", "python", False),
        ("python_3", "python", False),
        ("C++", "c++", True),
        ("I know C++.", "c++", True),
        ("C/C++, Go", "c++", True),
        ("C/C++, Go", "c", True),
        ("C++", "c", False),
        ("C#", "c", False),
        ("C#", "c#", True),
        ("F#, C#/.NET", "c#", True),
        ("C#/.NET", ".net", True),
        (".NET", ".net", True),
        ("ASP.NET", ".net", False),
        ("dotnet", ".net", False),
        (".net", "net", False),
        ("node.js", "node", False),
        ("node.js", "node.js", True),
        ("machine \n learning", "machine learning", True),
        ("machinelearning", "machine learning", False),
        ("Straße", "strasse", True),
        ("", "python", False),
    ],
)
def test_words_are_whole_and_case_does_not_matter(text: str, keyword: str, there: bool) -> None:
    assert mentions(text.casefold(), keyword) is there


def test_the_rules_of_the_package_are_whole() -> None:
    assert {position.id for position in RULES.positions} >= {"backend-engineer"}
    assert len({position.id for position in RULES.positions}) == len(RULES.positions)


@pytest.mark.parametrize(
    "position",
    [
        {"id": "a", "title": "A", "required": {"x": 99}},
        {"id": "a", "title": "A", "required": {"x": 50}, "wanted": {"X": 50}},
        {"id": "a", "title": "A", "required": {"x": 0, "y": 100}},
        {"id": "a", "title": "A", "required": {"": 100}},
        {"id": "a", "title": "A", "needed": {"x": 100}, "required": {}},
    ],
)
def test_rules_that_do_not_add_up_are_refused(position: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        Rules.model_validate({"thresholds": {"high": 70, "medium": 40}, "positions": [position]})


def test_thresholds_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="below"):
        Thresholds(high=40, medium=40)


@st.composite
def positions(draw: st.DrawFn) -> Position:
    words = draw(
        st.lists(
            st.sampled_from(["python", "c++", "c", "c#", ".net", "sql", "go", "machine learning"]),
            min_size=1,
            max_size=6,
            unique=True,
        )
    )
    cuts = sorted(
        draw(st.sets(st.integers(1, 99), min_size=len(words) - 1, max_size=len(words) - 1))
    )
    points = [b - a for a, b in zip([0, *cuts], [*cuts, 100], strict=True)]
    split = draw(st.integers(0, len(words)))
    pairs = list(zip(words, points, strict=True))
    return Position(id="p", title="P", required=dict(pairs[:split]), wanted=dict(pairs[split:]))


TEXTS = st.lists(
    st.one_of(
        st.text(max_size=8),
        st.sampled_from(["Python", "C++", "c", "C#,", ".NET", "SQL.", "go", "machine", "learning"]),
    ),
    max_size=12,
).map(" ".join)


@given(positions(), TEXTS)
def test_a_score_is_between_0_and_100_and_explained(position: Position, text: str) -> None:
    scored = score(position, THRESHOLDS, text)
    assert 0 <= scored.score <= 100
    points = sum(hit.points for hit in scored.hits)
    assert scored.score == (min(points, 69) if scored.missing else points)
    keywords = {hit.keyword for hit in scored.hits} | set(scored.missing)
    assert keywords >= position.required.keys()


@given(positions(), TEXTS, TEXTS)
def test_more_of_it_never_scores_lower(position: Position, text: str, more: str) -> None:
    before = score(position, THRESHOLDS, text).score
    assert score(position, THRESHOLDS, f"{text} {more}").score >= before
    assert score(position, THRESHOLDS, f"{more} {text}").score >= before


@given(positions())
def test_who_has_it_all_has_100_and_who_has_nothing_has_0(position: Position) -> None:
    everything = ", ".join([*position.required, *position.wanted])
    assert score(position, THRESHOLDS, everything).score == 100
    assert score(position, THRESHOLDS, "").score == 0


def test_who_lacks_what_is_required_is_not_high() -> None:
    position = Position(id="p", title="P", required={"a": 10}, wanted={"b": 90})
    scored = score(position, THRESHOLDS, "b")
    assert (scored.score, scored.missing) == (69, ["a"])


@pytest.mark.parametrize(
    ("points", "route"),
    [(0, Route.LOW), (39, Route.LOW), (40, Route.MEDIUM), (69, Route.MEDIUM), (70, Route.HIGH)],
)
def test_the_thresholds_belong_to_the_higher_route(points: int, route: Route) -> None:
    assert route_of(points, THRESHOLDS) is route


OWN = activities(activity_dependencies(ApplicationSettings()))


async def screened(**request: Any) -> Screening:
    application = ApplicationRequest.model_validate({**SAMPLES["high"], **request})
    found: Screening = await OWN[SCREEN_APPLICATION](None, application)
    return found


@pytest.mark.parametrize(
    ("wrong", "rejection"),
    [
        ({"name": " "}, "Missing name"),
        ({"text": " \n"}, "Missing text"),
        ({"position": "astronaut"}, "Unknown position: astronaut"),
    ],
)
async def test_what_makes_no_sense_is_rejected(wrong: dict[str, Any], rejection: str) -> None:
    assert (await screened(**wrong)).rejection == rejection


@pytest.mark.parametrize(("sample", "points"), [("high", 80), ("medium", 40), ("low", 10)])
async def test_the_samples_score_what_they_say(sample: str, points: int) -> None:
    found = (await screened(**SAMPLES[sample])).score
    assert found is not None
    assert found.score == points


async def test_a_delivery_fails_for_good_where_that_is_asked_for() -> None:
    message = SendNotification(key="k", recipient="bo", subject="S", body="B")
    with pytest.raises(NonRetryableError):
        await OWN[FAIL_TO_NOTIFY](None, message)


def assigned(step: AssignTask) -> AssignTaskResult:
    assignment = Assignment(
        key=step.key,
        title=step.request.title,
        member_id="farah",
        name="Farah Aziz",
        email="farah@example.com",
        status=AssignmentStatus.HELD,
        assigned_at=datetime(2026, 1, 2, tzinfo=UTC),
    )
    return AssignTaskResult(assignment=assignment)


def apply(points: int = 80, rejection: str | None = None, **stubs: Any) -> Run:
    scored = {"score": points, "hits": [], "missing": []}
    screening = {
        "title": "Backend Engineer",
        "thresholds": THRESHOLDS.model_dump(),
        "score": scored,
    }
    good: dict[str, Any] = {
        SCREEN_APPLICATION: lambda _: {"rejection": rejection} if rejection else screening,
        ASSIGN_TASK: assigned,
        SEND_NOTIFICATION: told,
        RELEASE_ASSIGNMENT: lambda _: None,
    }
    request = ApplicationRequest.model_validate(SAMPLES["high"])
    return execute(DEFINITION, request, good | stubs)


def told(step: SendNotification) -> NotificationSent:
    return NotificationSent(key=step.key)


def fails(*recipients: str) -> Any:
    def send(step: SendNotification) -> NotificationSent:
        if step.recipient in recipients:
            raise RuntimeError("no such mailbox")
        return NotificationSent(key=step.key)

    return send


@pytest.mark.parametrize(
    ("points", "status", "task"),
    [
        (80, "interview", "Interview Noor Haddad for Backend Engineer"),
        (50, "review", "Review the application of Noor Haddad for Backend Engineer"),
    ],
)
def test_high_and_medium_are_assigned_and_both_sides_are_told(
    points: int, status: str, task: str
) -> None:
    done = apply(points)
    assert done.status is RuntimeStatus.COMPLETED
    assert (done.output["status"], done.output["recruiter"]) == (status, "farah@example.com")
    assert done.output["message"] == f"{points} points: {status}, with farah@example.com"
    assert done.output["candidate_told"] is True
    [assignment] = done.inputs(ASSIGN_TASK)
    assert assignment["key"] == "application-1:assign"
    assert (assignment["request"]["title"], assignment["request"]["skills"]) == (
        task,
        ["recruiting"],
    )
    messages = done.inputs(SEND_NOTIFICATION)
    assert [(m["key"], m["recipient"]) for m in messages] == [
        ("application-1:recruiter", "farah@example.com"),
        ("application-1:candidate", "noor@example.com"),
    ]
    assert "Farah Aziz" in messages[1]["body"]


def test_low_is_declined_courteously_and_nobody_is_assigned() -> None:
    done = apply(39)
    assert (done.output["status"], done.output["recruiter"]) == ("declined", None)
    assert done.called() == [SCREEN_APPLICATION, SEND_NOTIFICATION]
    [message] = done.inputs(SEND_NOTIFICATION)
    assert "Thank you" in message["body"]


def test_a_rejected_application_has_no_effect() -> None:
    done = apply(rejection="Unknown position: x")
    assert (done.output["status"], done.output["message"]) == ("rejected", "Unknown position: x")
    assert done.called() == [SCREEN_APPLICATION]


def test_without_a_recruiter_the_candidate_is_told_nothing() -> None:
    done = apply(assign_task=lambda _: AssignTaskResult(refusal="All are away"))
    assert (done.output["status"], done.output["message"]) == ("failed", "All are away")
    assert done.called() == [SCREEN_APPLICATION, ASSIGN_TASK]


def test_an_assigner_that_fails_for_good_leaves_no_assignment() -> None:
    def down(_: Any) -> None:
        raise RuntimeError("down")

    done = apply(assign_task=down)
    assert (done.output["status"], done.output["message"]) == ("failed", "Assignment failed: down")
    assert done.called()[-1] == RELEASE_ASSIGNMENT


def test_a_recruiter_who_cannot_be_told_does_not_keep_the_assignment() -> None:
    done = apply(send_notification=fails("farah@example.com"))
    assert done.output["status"] == "failed"
    assert done.output["recruiter"] is None
    assert "released: no such mailbox" in done.output["message"]
    assert done.inputs(RELEASE_ASSIGNMENT) == [{"key": "application-1:assign"}]
    assert {m["recipient"] for m in done.inputs(SEND_NOTIFICATION)} == {"farah@example.com"}


def test_a_candidate_who_cannot_be_told_changes_no_decision() -> None:
    done = apply(send_notification=fails("noor@example.com"))
    assert (done.output["status"], done.output["candidate_told"]) == ("interview", False)
    assert done.output["message"].endswith("the candidate could not be notified: no such mailbox")
    assert RELEASE_ASSIGNMENT not in done.called()


@pytest.mark.parametrize(
    "wrong",
    [
        {"application_id": "a:b"},
        {"name": ""},
        {"name": "a\nb"},
        {"email": "nobody"},
        {"text": "x" * 20_001},
        {"position": "a/b"},
        {"cv": "x"},
    ],
)
def test_a_malformed_application_is_none(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        ApplicationRequest.model_validate({**SAMPLES["high"], **wrong})
