"""Children are found by the ids that they had before."""

import pytest

from contracts.problems import ProblemType
from orchestrator.engine.problems import purged_problem, unknown_instance
from orchestrator.inspection.former_ids import MAX_PARTS, by_any_id, current_ids
from orchestrator.toolkit.lives import MAX_ID, child_of
from servicekit.problems import ProblemError


class Instances:
    """Reads instances, and keeps which ids were asked for."""

    def __init__(self, *existing: str) -> None:
        self.existing = existing
        self.asked: list[str] = []

    async def read(self, instance_id: str) -> str:
        self.asked.append(instance_id)
        if instance_id not in self.existing:
            raise unknown_instance(instance_id)
        return instance_id


@pytest.mark.parametrize(
    ("former", "current"),
    [
        ("batch-x-chunk-1", "batch-x:chunk-1"),
        ("hello-1-child-ada", "hello-1:child-ada"),
        ("hello-a-b-child-ada-lovelace", "hello-a-b:child-ada-lovelace"),
        (
            "hello-" + "x" * 100 + "-child-" + "u" * 100,
            child_of("hello-" + "x" * 100, "child-" + "u" * 100),
        ),
    ],
)
async def test_a_child_is_found_by_its_former_id(former: str, current: str) -> None:
    assert len(current) <= MAX_ID
    assert await by_any_id(former, Instances(current).read) == current


async def test_an_instance_of_the_very_id_comes_first() -> None:
    instances = Instances("batch-x-chunk-1", "batch-x:chunk-1")
    assert await by_any_id("batch-x-chunk-1", instances.read) == "batch-x-chunk-1"
    assert instances.asked == ["batch-x-chunk-1"]


async def test_an_unknown_instance_is_named_as_it_was_asked_for() -> None:
    instances = Instances()
    with pytest.raises(ProblemError, match=r"no instance hello-a-b-c-d-e-f-g$"):
        await by_any_id("hello-a-b-c-d-e-f-g", instances.read)
    assert len(instances.asked) == 1 + MAX_PARTS


async def test_an_instance_that_was_purged_is_not_looked_for_further() -> None:
    async def read(instance_id: str) -> str:
        raise purged_problem(instance_id)

    with pytest.raises(ProblemError) as gone:
        await by_any_id("batch-x-chunk-1", read)
    assert gone.value.type is ProblemType.INSTANCE_GONE


def test_what_a_caller_names_first_is_no_child() -> None:
    assert list(current_ids("task-42")) == []
    assert list(current_ids("hello-1-child")) == ["hello-1:child"]
