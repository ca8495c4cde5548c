"""The screening of an application, and its injected failure."""

from typing import Any

import pytest

from orchestrator.dapr_sdk.private import NonRetryableError
from orchestrator.testing.dependencies import activity_dependencies
from orchestrator.toolkit.messages import SendNotification
from orchestrator.workflows.application.activities import activities
from orchestrator.workflows.application.models import (
    FAIL_TO_NOTIFY,
    SCREEN_APPLICATION,
    ApplicationRequest,
    Screening,
)
from orchestrator.workflows.application.settings import ApplicationSettings
from orchestrator.workflows.application.workflow import DEFINITION

SAMPLES = {name: sample.request for name, sample in DEFINITION.samples.items()}
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
async def test_an_invalid_application_is_rejected(wrong: dict[str, Any], rejection: str) -> None:
    assert (await screened(**wrong)).rejection == rejection


@pytest.mark.parametrize(("sample", "points"), [("high", 80), ("medium", 40), ("low", 10)])
async def test_the_samples_have_the_scores_in_their_summaries(sample: str, points: int) -> None:
    found = (await screened(**SAMPLES[sample])).score
    assert found is not None
    assert found.score == points


async def test_the_injected_failure_of_a_notification_is_permanent() -> None:
    message = SendNotification(key="k", recipient="bo", subject="S", body="B")
    with pytest.raises(NonRetryableError):
        await OWN[FAIL_TO_NOTIFY](None, message)
