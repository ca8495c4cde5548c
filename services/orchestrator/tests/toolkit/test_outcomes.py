"""The outcomes of a workflow come from the model of its result."""

from enum import Enum, StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, create_model
from unit_support.catalogue import CATALOGUE

from orchestrator.toolkit.outcomes import declared_outcomes


class Outcome(StrEnum):
    """How it ended."""

    DONE = "done"
    FAILED = "failed"


class Code(Enum):
    """How it ended, by numbers and by one name."""

    ONE = 1
    FAILED = "failed"


@pytest.mark.parametrize(
    ("annotation", "outcomes"),
    [
        (Outcome, ("done", "failed")),
        (Outcome | None, ("done", "failed")),
        (Annotated[Outcome, Field(description="How")], ("done", "failed")),
        (Literal["done", "late"], ("done", "late")),
        (Literal[Outcome.DONE], ("done",)),
        (Literal["done"] | Outcome, ("done", "failed")),
        (Code, ("failed",)),
        (str, ()),
        (int | None, ()),
    ],
)
def test_a_set_of_texts_is_declared(annotation: Any, outcomes: tuple[str, ...]) -> None:
    result = create_model("Result", status=(annotation, ...))
    assert declared_outcomes(result) == outcomes


def test_a_result_without_a_status_has_none() -> None:
    class Result(BaseModel):
        greetings: list[str]

    assert declared_outcomes(Result) == ()


def test_every_workflow_whose_result_has_a_status_declares_its_outcomes() -> None:
    with_status = [d for d in CATALOGUE.definitions if "status" in d.output.model_fields]
    assert len(with_status) > 5
    for definition in with_status:
        assert definition.outcomes, definition.name
        assert definition.info().outcomes == list(definition.outcomes)
