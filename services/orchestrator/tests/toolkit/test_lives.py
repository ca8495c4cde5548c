"""A later life of an id has keys, waits and children of its own; the first has what it ever had."""

import ast
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter
from unit_support.asking import asking

from contracts.fields import Key
from orchestrator.dapr_sdk.private import Task
from orchestrator.testing.environment import Environment, Send, execute
from orchestrator.testing.people import PEOPLE
from orchestrator.testing.replay import replay
from orchestrator.testing.run import Run
from orchestrator.toolkit.definition import EternalInput
from orchestrator.toolkit.lives import (
    FIELD,
    MAX_ID,
    LifeContext,
    StoredInput,
    child_id,
    life_of,
    life_of_key,
    root_of,
    stored_input,
)
from orchestrator.workflows.hello import workflow as hello
from orchestrator.workflows.hello.models import GREET, TRY_LUCK, HelloRequest
from orchestrator.workflows.registrations import WORKFLOWS
from orchestrator.workflows.task.models import VALIDATE_TASK, TaskRequest, Validation
from orchestrator.workflows.task.workflow import DEFINITION as TASK
from orchestrator.workflows.tracked_task.models import (
    ARM_REMINDERS,
    FINISH_TASK,
    OPEN_TASK,
    RECORD_STEP,
    TrackedRequest,
)
from orchestrator.workflows.tracked_task.workflow import DEFINITION as TRACKED

SOURCE = Path(__file__).parents[2] / "src/orchestrator"
REQUEST = TaskRequest(task_id="1", title="T", assignee="alice")
# Texts and addresses for people, and the one record whose second part is the id of a wait.
NO_KEYS = {
    "toolkit/lives.py": 1,
    "toolkit/waits.py": 1,
    "workflows/research/review.py": 2,
    "workflows/research/workflow.py": 1,
    "workflows/tracked_task/steps.py": 1,
}
STUBS = {**PEOPLE, VALIDATE_TASK: lambda _: Validation()}
GREETING = {GREET: lambda _: "Hello", TRY_LUCK: lambda _: None}


def keys(part: Any) -> Iterator[str]:
    """Yield the values of each field `key` in what an activity was called with."""
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "key":
                yield value
            yield from keys(value)
    elif isinstance(part, list):
        for item in part:
            yield from keys(item)


def keys_of(run: Run) -> set[str]:
    return {key for call in run.calls for key in keys(call.input)}


def test_the_keys_of_the_first_life_begin_with_the_id_and_those_of_a_later_one_with_its_life() -> (
    None
):
    first, second = (execute(TASK, REQUEST, STUBS, life=life) for life in (1, 2))
    assert keys_of(first) == {"task-1:assign", "task-1:notify"}
    assert keys_of(second) == {"task-1:life2:assign", "task-1:life2:notify"}
    assert first.output == second.output


def test_a_later_life_has_children_of_its_own() -> None:
    request = HelloRequest(hello_id="1", user_name="ada")
    for life, root in ((1, "hello-1"), (3, "hello-1:life3")):
        run = execute(hello.DEFINITION, request, GREETING, life=life)
        assert [child.instance_id for child in run.children] == [f"{root}:child-ada"]
        assert keys_of(run) == {f"{root}:luck"}


def test_a_history_of_a_later_life_is_replayed_as_it_was() -> None:
    run = execute(TASK, REQUEST, STUBS, life=2)
    replay([TASK], run.instance_id, run.history)


class Loop(EternalInput):
    """The input of a workflow that repeats."""

    question_id: str
    turns: int = 0


def test_an_eternal_workflow_stays_in_its_life() -> None:
    roots: list[str] = []

    def loop(ctx: Any, request: Loop) -> Iterator[Task[Any]]:
        yield ctx.create_timer(timedelta(seconds=1))
        roots.append(root_of(ctx.instance_id, ctx.life if isinstance(ctx, LifeContext) else 1))
        if request.turns < 3:
            following = request.model_copy(update={"turns": request.turns + 1})
            ctx.continue_as_new(following, save_events=True)

    run = execute(asking(loop), Loop(question_id="1"), {}, life=2)
    assert run.generations == 4
    assert set(roots) == {"ask-1:life2"}


@pytest.mark.parametrize(
    ("given", "life"),
    [
        (None, 1),
        ("null", 1),
        ('"ada"', 1),
        ("{}", 1),
        ('{"$life": 7}', 7),
        ('{"$life": "x"}', 1),
        ("{", 1),
    ],
)
def test_the_life_of_an_input(given: str | None, life: int) -> None:
    assert life_of(given) == life


def test_what_a_life_adds_to_an_input_is_no_field_of_a_request() -> None:
    stored = stored_input(REQUEST, 2)
    assert isinstance(stored, StoredInput)
    assert json.loads(stored.model_dump_json()) == REQUEST.model_dump(mode="json") | {FIELD: 2}
    assert TASK.parse_input(stored.model_dump_json()) == REQUEST
    with pytest.raises(ValueError, match="Extra inputs are not permitted"):
        TASK.input.model_validate(stored.root)


@pytest.mark.parametrize(
    ("key", "life"),
    [("t:create", 1), ("t:life2:create", 2), ("t-life2:create", 1), ("t:life2", 1), ("", 1)],
)
def test_the_life_of_a_key(key: str, life: int) -> None:
    assert life_of_key(key) == life


class Named(BaseModel):
    """A context, as far as names are made from it."""

    instance_id: str


def test_the_id_of_a_child_is_never_too_long_and_never_that_of_another() -> None:
    longest = Named(instance_id=f"{'n' * 50}-{'x' * 100}")
    names = ["child-" + "a" * length for length in range(1, 101)]
    ids = {child_id(longest, name) for name in names}  # type: ignore[arg-type]
    assert len(ids) == len(names)
    for id_ in ids:
        assert len(id_) <= MAX_ID
        TypeAdapter(Key).validate_python(id_)


def test_the_longest_keys_of_every_workflow_are_keys() -> None:
    for hosted in WORKFLOWS:
        root = root_of(f"{hosted.definition.name}-{'x' * 100}", 9_999)
        # The steps' names are shorter.
        TypeAdapter(Key).validate_python(f"{root}:{'s' * 60}")


def test_workflows_make_no_keys_of_an_id_that_may_have_several_lives() -> None:
    found: dict[str, int] = {}
    paths = [*SOURCE.glob("workflows/**/*.py"), *SOURCE.glob("toolkit/*.py")]
    for path in paths:
        uses = sum(
            isinstance(node, ast.Attribute)
            and node.attr == "instance_id"
            and ast.unparse(node.value).endswith("ctx")
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        )
        if uses:
            found[str(path.relative_to(SOURCE))] = uses
    assert found == NO_KEYS, "use key_root(ctx), or say here why not"


def test_a_decision_of_the_first_life_is_none_of_the_second() -> None:
    request = TrackedRequest(task_id="1", title="T", assignee="alice")
    stubs = {
        **PEOPLE,
        OPEN_TASK: lambda _: {"lead": "dana", "limit_days": 30},
        ARM_REMINDERS: lambda _: None,
        RECORD_STEP: lambda _: None,
        FINISH_TASK: lambda _: None,
    }
    environment = Environment([TRACKED], stubs)
    minute = timedelta(minutes=1)
    first = environment.start(TRACKED.workflow_name, "tracked-1", request)
    environment.send(
        "tracked-1", Send(minute, "cancel", {"kind": "cancel", "by": "ann", "reason": "1"})
    )
    environment.run(minute)
    second = environment.start(TRACKED.workflow_name, "tracked-1", request, life=2)
    environment.send("tracked-1", Send(2 * minute, "done", {"kind": "done", "by": "bea"}))
    environment.run()
    assert (first.error, second.error) == (None, None)
    assert (first.output["status"], second.output["status"]) == ("cancelled", "done")
    assert second.refused == []
    assert keys_of(first) & keys_of(second) == set()
