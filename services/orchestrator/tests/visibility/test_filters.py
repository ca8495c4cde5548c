"""Which instances match a filter."""

import pytest
from unit_support.entries import CHILD, ENDED, IN_TIME, NOW, OVERDUE, START

from orchestrator.schemas.instances import InstanceFilter
from orchestrator.visibility.filters import filtered, matching


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ({}, {"late", "soon", "ended", "late-child-1"}),
        ({"workflow": ["task"]}, {"late-child-1"}),
        ({"status": ["COMPLETED", "FAILED"]}, {"ended"}),
        ({"id_prefix": "late"}, {"late", "late-child-1"}),
        ({"parent": "late"}, {"late-child-1"}),
        ({"top_level": True}, {"late", "soon", "ended"}),
        ({"waiting_for": "Approval"}, {"late", "soon"}),
        ({"waiting_for": "cancel"}, {"soon"}),
        ({"overdue": True}, {"late"}),
        ({"overdue": False}, {"soon", "ended", "late-child-1"}),
        ({"created_from": START}, {"late", "soon", "ended", "late-child-1"}),
        ({"created_to": START}, set()),
        ({"created_from": "0001-01-01T00:00:00+14:00", "created_to": "9999-12-31T23:59:59-14:00"},
         {"late", "soon", "ended", "late-child-1"}),
        ({"q": " Chair  ADA "}, {"late", "soon"}),
        ({"q": "STRASSE"}, {"late-child-1"}),
        ({"q": "  "}, {"late", "soon", "ended", "late-child-1"}),
        ({"q": "late", "status": ["RUNNING"], "top_level": True}, {"late"}),
    ],
)  # fmt: skip
def test_an_instance_must_match_every_condition(wanted: dict[str, object], ids: set[str]) -> None:
    predicates = matching(InstanceFilter.model_validate(wanted), NOW)
    assert {e.instance_id for e in filtered([OVERDUE, IN_TIME, ENDED, CHILD], predicates)} == ids
