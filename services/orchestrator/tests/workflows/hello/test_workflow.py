"""Each building block of hello, in the test kit."""

from datetime import timedelta
from typing import Any

from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.testing.environment import Run, execute
from orchestrator.workflows.hello.models import (
    CHILD,
    GREET,
    TAKE_BACK,
    TRY_LUCK,
    HelloRequest,
    Luck,
)
from orchestrator.workflows.hello.workflow import DEFINITION


def run(**request: Any) -> Run:
    attempts: list[Luck] = []

    def try_luck(luck: Luck) -> None:
        attempts.append(luck)
        if len(attempts) <= luck.failures:
            raise RuntimeError("bad luck")

    stubs = {
        GREET: lambda name: f"Hello, {name}!",
        TRY_LUCK: try_luck,
        TAKE_BACK: lambda name: f"Sorry, {name}",
    }
    done = execute(DEFINITION, HelloRequest(hello_id="1", user_name="ada", **request), stubs)
    assert done.unreported() == []
    return done


def test_it_greets_twice_and_rests() -> None:
    done = run()
    assert done.status is RuntimeStatus.COMPLETED
    assert done.output == {
        "greetings": ["Hello, ada!", "Hello, ada, from a child!"],
        "compensated": False,
    }
    assert done.elapsed == timedelta(seconds=15)
    assert done.steps() == [GREET, TRY_LUCK, CHILD, "rest", "completed"]


def test_the_child_has_the_id_of_its_parent_as_prefix() -> None:
    assert [child.instance_id for child in run().children] == ["hello-1:child-ada"]


def test_a_step_that_fails_twice_is_retried_with_backoff() -> None:
    done = run(simulate="retries")
    assert [call.at.total_seconds() for call in done.calls if call.name == TRY_LUCK] == [0, 1, 3]
    assert not done.output["compensated"]


def test_a_permanent_failure_is_compensated() -> None:
    done = run(simulate="failure")
    assert done.status is RuntimeStatus.COMPLETED
    assert done.output == {"greetings": ["Hello, ada!", "Sorry, ada"], "compensated": True}
    assert done.steps() == [GREET, TRY_LUCK, TAKE_BACK, "compensated"]
    assert done.progress[-2].message == "Taking the greeting back: bad luck"
    assert done.children == []
