"""A worker refuses to start without an activity, or with one of other types than its handle."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

import pytest
from dapr.ext.workflow import DaprWorkflowContext, WorkflowActivityContext
from pydantic import BaseModel
from unit_support.asking import Question, asking
from unit_support.catalogue import CATALOGUE

from orchestrator.engine.registered_activities import collect_activities
from orchestrator.testing.dependencies import activity_dependencies
from orchestrator.toolkit.activity_ref import ActivityRef
from orchestrator.toolkit.catalogue import Catalogue, HostedWorkflow
from orchestrator.toolkit.definition_checks import DefinitionError
from orchestrator.toolkit.dependencies import Activities
from orchestrator.toolkit.messages import SEND_NOTIFICATION
from orchestrator.workflows.registrations import WORKFLOWS


class Claim(BaseModel):
    """What is to be paid."""

    cents: int


class Receipt(BaseModel):
    """What was paid."""

    number: str


PAY = ActivityRef("pay", Claim, Receipt)


def pays(ctx: DaprWorkflowContext, _: Question) -> Generator[Any, Any, str]:
    receipt = yield from PAY.call(ctx, Claim(cents=5))
    return receipt.number


async def pay(_: WorkflowActivityContext, claim: Claim) -> Receipt:
    """Pay a claim."""
    return Receipt(number=f"R{claim.cents}")


async def pay_nobody(_: WorkflowActivityContext, receipt: Receipt) -> None:
    """Take the wrong model, and return nothing."""


ASK = replace(asking(pays), path="/ask")


def collect(activities: Activities, **changes: Any) -> set[str]:
    hosted = HostedWorkflow(definition=replace(ASK, **changes), activities=lambda _: activities)
    return {*collect_activities(Catalogue([hosted]), activity_dependencies())}


def test_an_activity_is_registered_by_its_handle() -> None:
    assert collect({PAY: pay}) >= {"pay", SEND_NOTIFICATION}


def test_a_handle_without_an_activity_is_refused() -> None:
    with pytest.raises(DefinitionError, match="ask: no activity is registered as 'pay'"):
        collect({})


def test_a_compensation_without_an_activity_is_refused() -> None:
    with pytest.raises(DefinitionError, match="ask: no activity is registered as 'refund'"):
        collect({PAY: pay}, compensations=("refund",))


def test_two_activities_of_one_name_are_refused() -> None:
    with pytest.raises(DefinitionError, match="have the name 'send_notification'"):
        collect({PAY: pay, SEND_NOTIFICATION: pay})


def test_an_activity_of_other_types_than_its_handle_is_refused() -> None:
    mistake = "'pay' takes Receipt and returns None; its handle says Claim and Receipt"
    with pytest.raises(DefinitionError, match=mistake):
        collect({PAY: pay_nobody})


def test_the_activities_of_every_workflow_are_registered_once() -> None:
    settings = [kind() for workflow in WORKFLOWS for kind in workflow.settings]
    collected = collect_activities(CATALOGUE, activity_dependencies(*settings))
    assert {step for d in CATALOGUE.definitions for step in d.compensations} <= {*collected}
