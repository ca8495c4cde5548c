"""The validation of an application."""

from typing import Any

import pytest

from orchestrator.workflows.application.models import ApplicationRequest
from orchestrator.workflows.application.workflow import DEFINITION

SAMPLES = {name: sample.request for name, sample in DEFINITION.samples.items()}


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
def test_a_malformed_application_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        ApplicationRequest.model_validate({**SAMPLES["high"], **wrong})
