"""A mistake in a definition is found when the catalogue is built, and named."""

from dataclasses import replace
from enum import StrEnum
from typing import Any

import pytest
from pydantic import BaseModel

from contracts.fields import RequestId
from orchestrator.schemas.workflows import Sample, SampleEvent
from orchestrator.toolkit.catalogue import Catalogue, HostedWorkflow
from orchestrator.toolkit.definition import Definition, Event, Request
from orchestrator.toolkit.definition_checks import DefinitionError
from orchestrator.toolkit.until_success import UNTIL_SUCCESS


class Kind(StrEnum):
    """What is asked for."""

    DAYS = "days"


class Place(BaseModel):
    """Where."""

    city: str


class Question(Request):
    """What is asked."""

    question_id: RequestId
    loose_id: str = "1"
    kind: Kind = Kind.DAYS
    count: int = 0
    places: tuple[Place, ...] = ()


class Answer(BaseModel):
    """What somebody says."""

    text: str


class Nothing(BaseModel):
    """An empty payload."""


def workflow(*_: Any) -> Any:
    yield


ANSWER = Event(name="answer", payload=Answer, description="An answer")
SAMPLE = Sample(
    summary="It works",
    request={"question_id": "1"},
    events=[SampleEvent(event="answer", payload={"text": "yes"})],
)
ASK = Definition(
    name="ask",
    workflow_name="ask_workflow",
    workflow=workflow,
    input=Question,
    output=Answer,
    id_field="question_id",
    title="Ask",
    description="Asks.",
    path="/ask",
    samples={"answered": SAMPLE},
    events=(ANSWER,),
    search_fields=("question_id", "kind", "places.city"),
    version="2",
    previous_versions={"1": workflow},
    children={"ask_child": workflow},
)


def hosting(*definitions: Definition) -> Catalogue:
    return Catalogue(HostedWorkflow(definition=d, activities=lambda _: {}) for d in definitions)


def with_event(**changes: Any) -> dict[str, Any]:
    return {"events": (replace(ANSWER, **changes),), "samples": {}}


def with_sample(**changes: Any) -> dict[str, Any]:
    return {"samples": {"answered": SAMPLE.model_copy(update=changes)}}


def test_a_definition_without_mistakes_is_hosted() -> None:
    assert hosting(ASK).named("ask") is ASK


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        ({"name": "ask-me"}, r"ask-me: name must match"),
        ({"path": "ask"}, r"path 'ask' does not begin with '/'"),
        ({"id_field": "id"}, r"id_field 'id' is not a field of Question: question_id, "),
        ({"id_field": "loose_id"}, r"'loose_id' must be a contracts.fields.RequestId"),
        ({"search_fields": ("colour",)}, r"'colour', which is no text of Question"),
        ({"search_fields": ("places",)}, r"'places', which is no text"),
        ({"search_fields": ("places.street",)}, r"'places.street', which is no text"),
        ({"search_fields": ("count",)}, r"'count', which is no text"),
        (with_event(name="Answer"), r"event 'Answer': name must match"),
        (with_event(name="an/swer"), r"event 'an/swer': name must match"),
        (with_event(payload=Nothing), r"event 'answer': Nothing has no field"),
        (with_event(key_field="kind"), r"key_field 'kind' is not a field of Answer"),
        ({"events": (ANSWER, ANSWER)}, r"2 events have the name 'answer'"),
        ({"version": None}, r"previous_versions needs a version"),
        ({"version": "1"}, r"version '1' is among previous_versions"),
        (with_sample(request={}), r"sample 'answered': question_id: Field required"),
        (with_sample(request={"question_id": "1", "x": 1}), r"sample 'answered': x: Extra inputs"),
        (with_sample(outcome="days"), r"sample 'answered' ends 'days', which is none of its"),
        (
            with_sample(events=[SampleEvent(event="say", payload={})]),
            r"sample 'answered' sends 'say', which is none of its events",
        ),
        (
            with_sample(events=[SampleEvent(event="answer", payload={})]),
            r"sample 'answered', event 'answer': text: Field required",
        ),
    ],
)
def test_a_mistake_is_named(changes: dict[str, Any], mistake: str) -> None:
    with pytest.raises(DefinitionError, match=mistake):
        hosting(replace(ASK, **changes))


def test_a_child_of_the_toolkit_keeps_its_name() -> None:
    children = {UNTIL_SUCCESS: ASK.workflow}
    with pytest.raises(DefinitionError, match=f"2 workflows or .* Dapr's name '{UNTIL_SUCCESS}'"):
        hosting(replace(ASK, children=children))


@pytest.mark.parametrize(
    ("shared", "mistake"),
    [
        ("name", r"2 workflows have the name 'ask'"),
        ("path", r"2 workflows have the path '/ask'"),
        ("workflow_name", r"2 workflows or children have Dapr's name 'ask_workflow'"),
        ("children", r"2 workflows or children have Dapr's name 'ask_child'"),
    ],
)
def test_a_name_that_two_workflows_share_is_named(shared: str, mistake: str) -> None:
    other = replace(ASK, name="quiz", workflow_name="quiz_workflow", path="/quiz", children={})
    with pytest.raises(DefinitionError, match=mistake):
        hosting(ASK, replace(other, **{shared: getattr(ASK, shared)}))


def test_every_mistake_is_named_at_once() -> None:
    with pytest.raises(DefinitionError, match=r"(?s)id_field.*no text"):
        hosting(replace(ASK, id_field="id", search_fields=("colour",)))
