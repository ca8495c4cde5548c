"""What a request can have for a timestamp, and for a boolean."""

from typing import Any

import pytest
from pydantic import ValidationError

from orchestrator.schemas.instances import InstanceFilter


@pytest.mark.parametrize("value", ["2026-11-21T09:00:00Z", "2026-11-21T10:00:00+01:00"])
def test_a_timestamp_has_an_offset(value: str) -> None:
    found = InstanceFilter.model_validate({"created_to": value}).created_to
    assert found is not None
    assert found.timestamp() == 1795251600


@pytest.mark.parametrize("value", ["0.5", "-1", "1795251600", 0.5, 5, "2026-11-21T09:00:00", ""])
def test_other_forms_of_a_timestamp_are_refused(value: Any) -> None:
    with pytest.raises(ValidationError):
        InstanceFilter.model_validate({"created_to": value})


@pytest.mark.parametrize(("value", "flag"), [(True, True), ("false", False), ("true", True)])
def test_a_boolean_is_true_or_false(value: Any, flag: bool) -> None:
    assert InstanceFilter.model_validate({"top_level": value}).top_level is flag


@pytest.mark.parametrize("value", [0, 1, "yes", "1", "on", ""])
def test_other_forms_of_a_boolean_are_refused(value: Any) -> None:
    with pytest.raises(ValidationError):
        InstanceFilter.model_validate({"top_level": value})
