"""The trace of an instance, from its history."""

import json
from typing import Any

from unit_support.history import happened

from orchestrator.telemetry.execution_info import execution_info_of

TRACE = "7a46f4ca5fcfd0e8c73a06403023a450"


def test_the_input_of_an_eternal_workflow_has_the_trace_of_its_start() -> None:
    def begun(given: str) -> Any:
        return execution_info_of([happened(0, executionStarted={"input": given})])

    given = json.dumps({"url": "x", "started_in": f"00-{TRACE}-e910bba9f1740b41-00"})
    assert begun(given).trace_id == TRACE
    for other in ("", "null", '"ada"', '{"started_in": 5}', '{"started_in": "00-0"}'):
        assert begun(other).trace_id is None
