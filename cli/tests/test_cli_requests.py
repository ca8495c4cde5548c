"""A request is read from JSON, or taken from a sample, and changed by field."""

from collections.abc import Callable
from typing import Any

import pytest
from fake_orchestrator import WORKFLOW, FakeOrchestrator
from typer.testing import Result

from taskway.errors import CommandError
from taskway.requests import set_fields


@pytest.fixture
def starting(orchestrator: FakeOrchestrator) -> FakeOrchestrator:
    """An orchestrator that accepts tasks."""
    orchestrator.answers["POST", "/tasks/process"] = {"instance_id": "task-7"}
    return orchestrator


def test_the_first_sample_is_started_under_another_id(
    starting: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    assert "Started task-7" in run("start", "task", "--id", "7").output
    assert starting.bodies() == [{"task_id": "7", "title": "T"}]


def test_a_sample_is_chosen_by_name(starting: FakeOrchestrator, run: Callable[..., Result]) -> None:
    result = run("start", "task", "--sample", "by skills")
    assert "The sample: For [one] who can" in result.output
    assert starting.bodies() == [{"task_id": "43", "title": "S"}]


def test_an_unknown_sample_names_the_known(
    starting: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    error = run("start", "task", "--sample", "nope").exception
    assert isinstance(error, CommandError)
    assert str(error) == "There is no sample 'nope' of task; there are: completed, by skills"
    assert starting.bodies() == []


def test_fields_of_a_sample_are_set(starting: FakeOrchestrator, run: Callable[..., Result]) -> None:
    run("start", "task", "--id", "7", "--set", "title=A [new] one", "--set", "hours=3")
    assert starting.bodies() == [{"task_id": "7", "title": "A [new] one", "hours": 3}]


def test_fields_of_a_request_are_set(
    starting: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    run("start", "task", '{"task_id": "8", "title": "T"}', "--set", "task_id=9")
    assert starting.bodies() == [{"task_id": "9", "title": "T"}]


def test_a_request_excludes_a_sample(
    starting: FakeOrchestrator, run: Callable[..., Result]
) -> None:
    error = run("start", "task", "{}", "--sample", "completed").exception
    assert isinstance(error, CommandError)
    assert starting.bodies() == []


def test_a_request_may_come_from_a_file(
    starting: FakeOrchestrator, run: Callable[..., Result], tmp_path: Any
) -> None:
    (tmp_path / "task.json").write_text('{"task_id": "8"}')
    run("start", "task", f"@{tmp_path}/task.json")
    assert starting.bodies() == [{"task_id": "8"}]


@pytest.mark.parametrize("request_", ["{", "[]", "@/nowhere.json"])
def test_an_invalid_request_starts_nothing(
    starting: FakeOrchestrator, run: Callable[..., Result], request_: str
) -> None:
    assert isinstance(run("start", "task", request_).exception, CommandError)
    assert starting.bodies() == []


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        ("title=42", {"title": "42"}),
        ("title=", {"title": ""}),
        ("title=a=b", {"title": "a=b"}),
        ("title=null", {"title": "null"}),
        ("due=2026-01-01", {"due": "2026-01-01"}),
        ("due=null", {"due": None}),
        ("hours=42", {"hours": 42}),
        ("hours=many", {"hours": "many"}),
        ('skills=["a", "b"]', {"skills": ["a", "b"]}),
        ("place.room=12", {"place": {"room": "12"}}),
        ("place=null", {"place": None}),
        ("unknown=7", {"unknown": 7}),
    ],
)
def test_a_value_is_text_where_the_schema_takes_text(
    assignment: str, expected: dict[str, Any]
) -> None:
    assert set_fields({}, [assignment], WORKFLOW["input_schema"]) == expected


def test_a_field_of_an_object_leaves_the_others() -> None:
    sample = {"place": {"room": "1", "floor": 2}}
    changed = set_fields(sample, ["place.room=5"], WORKFLOW["input_schema"])
    assert changed == {"place": {"room": "5", "floor": 2}}
    assert sample == {"place": {"room": "1", "floor": 2}}


@pytest.mark.parametrize("assignment", ["title", "=T", "title.first=T"])
def test_an_invalid_assignment_is_refused(assignment: str) -> None:
    with pytest.raises(CommandError, match=assignment):
        set_fields({"title": "T"}, [assignment], WORKFLOW["input_schema"])
