"""A workflow's definition, for tests that bring the code."""

from typing import Any

from pydantic import BaseModel

from contracts.fields import RequestId
from orchestrator.toolkit.definition import Definition, Event, Request


class Answer(BaseModel):
    """What somebody says."""

    text: str


class Question(Request):
    """What is asked."""

    question_id: RequestId = "1"


ANSWER = Event(name="answer", payload=Answer, description="An answer")


def asking(workflow: Any) -> Definition:
    return Definition(
        name="ask",
        workflow_name="ask_workflow",
        workflow=workflow,
        input=Question,
        output=Answer,
        id_field="question_id",
        title="Ask",
        description="Asks.",
        path="/ask",
        samples={},
        events=(ANSWER,),
    )
