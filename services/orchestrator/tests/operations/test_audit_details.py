"""The details of an audit entry are bounded, and small ones are kept as they are."""

import json
from typing import Any

import pytest

from orchestrator.operations.audit_details import MAX_BYTES, bounded


def test_small_details_are_kept() -> None:
    details = {"instances": ["task-1"], "filter": {"workflow": ["task"]}, "done": 3}
    assert bounded(details) == details


@pytest.mark.parametrize(
    "details",
    [
        {"detail": "x" * 1_000_000},
        {"detail": "ü" * 5_000},
        {"instances": [f"task-{n}" for n in range(500)]},
        {"instances": ["x" * 200] * 500, "done": 500},
        {"filter": {f"k{n}": "v" * 100 for n in range(100)}},
        {f"k{n}": "v" * 600 for n in range(100)},
    ],
    ids=["text", "wide text", "list", "list of long texts", "nested", "many"],
)
def test_large_details_are_truncated_and_say_so(details: dict[str, Any]) -> None:
    short = bounded(details)
    assert len(json.dumps(short).encode()) <= MAX_BYTES
    assert short["truncated"] is True


def test_a_long_list_says_how_many_are_left_out() -> None:
    short = bounded({"instances": [f"task-{n:050}" for n in range(100)]})
    assert short["instances"][-1] == "and 80 more"
