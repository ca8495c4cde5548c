"""Every sample of every workflow ends with the outcome that it states."""

import pytest

from support.samples import SAMPLES, Ended, catalogue
from support.system import System


@pytest.mark.parametrize(("workflow", "sample"), SAMPLES)
async def test_a_sample_ends_with_its_outcome(
    system: System, ended: Ended, workflow: str, sample: str
) -> None:
    state = ended[workflow, sample]
    if isinstance(state, BaseException):
        raise state
    assert state["status"] == "COMPLETED", state
    outcome = (await catalogue(system))[workflow]["samples"][sample]["outcome"]
    assert outcome is None or state["output"]["status"] == outcome, state


async def test_the_catalogue_describes_each_workflow(system: System) -> None:
    for workflow in (await catalogue(system)).values():
        assert workflow["description"]
        assert workflow["id_field"] in workflow["input_schema"]["properties"]
        assert workflow["output_schema"]["properties"]
        assert workflow["samples"]
        for event in workflow["events"]:
            assert event["payload_schema"]["properties"]
