"""New code is deployed while instances run: each continues with the code that it began with."""

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from unit_support.unpatched import with_patches

from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.testing.environment import Environment, Run, Send
from orchestrator.testing.people import PEOPLE
from orchestrator.testing.replay import DecidesOtherwise, replay
from orchestrator.toolkit.messages import RELEASE_ASSIGNMENT, SEND_NOTIFICATION
from orchestrator.workflows.purchase.models import VALIDATE_PURCHASE, PurchaseRequest, Terms
from orchestrator.workflows.purchase.workflow import DEFINITION
from orchestrator.workflows.purchase.workflow_v1 import purchase_approval_v1
from orchestrator.workflows.purchase.workflow_v2 import purchase_approval_v2

REQUEST = PurchaseRequest(purchase_id="1", requester="ann", item="A laptop", amount=100_000)
HOUR = timedelta(hours=1)
ONE_ALONE = dataclasses.replace(
    DEFINITION, workflow=purchase_approval_v1, version="1", previous_versions={}
)
WITHOUT_ONE = dataclasses.replace(DEFINITION, previous_versions={})
TWO_ALONE = dataclasses.replace(
    DEFINITION, workflow=purchase_approval_v2, version="2", previous_versions={}
)
UNPATCHED = with_patches(TWO_ALONE, False)
ALWAYS_PATCHED = with_patches(TWO_ALONE, True)


def environment(definition: Any, **stubs: Any) -> tuple[Environment, Run]:
    """Start a purchase with that code."""
    terms = Terms(limit=100_000, decide_within_seconds=24 * 3600)
    hosts = Environment([definition], {VALIDATE_PURCHASE: lambda _: terms, **PEOPLE, **stubs})
    return hosts, hosts.start(DEFINITION.workflow_name, "purchase-1", REQUEST)


def decide(at: timedelta) -> Send:
    return Send(at, "approval", {"approved": True, "approver": "dana"})


def notifications(run: Run) -> list[str]:
    return [s["key"].removeprefix("purchase-1:") for s in run.inputs(SEND_NOTIFICATION)]


def versions(run: Run) -> set[str]:
    turns = [e.workflowStarted for e in run.history if e.HasField("workflowStarted")]
    return {turn.version.name for turn in turns}


def patches(run: Run) -> set[str]:
    turns = [e.workflowStarted for e in run.history if e.HasField("workflowStarted")]
    return {patch for turn in turns for patch in turn.version.patches}


def test_an_instance_of_version_1_completes_as_version_1() -> None:
    hosts, run = environment(ONE_ALONE)
    hosts.run(HOUR)
    hosts.deploy([DEFINITION])
    hosts.send("purchase-1", decide(20 * HOUR))
    hosts.run()
    assert (run.status, run.output["status"]) == (RuntimeStatus.COMPLETED, "approved")
    assert (notifications(run), versions(run)) == (["notify"], {"1"})
    replay([DEFINITION], "purchase-1", run.history)


def test_a_new_instance_runs_version_3() -> None:
    hosts, run = environment(DEFINITION)
    hosts.send("purchase-1", decide(20 * HOUR))
    hosts.run()
    assert (notifications(run), versions(run)) == (["notify", "remind-1", "tell-requester"], {"3"})
    assert patches(run) == set()


def test_an_instance_of_version_2_completes_as_version_2() -> None:
    hosts, run = environment(TWO_ALONE)
    hosts.run(HOUR)
    hosts.deploy([DEFINITION])
    hosts.send("purchase-1", decide(2 * HOUR))
    hosts.run()
    assert (notifications(run), patches(run)) == (["notify", "tell-requester"], {"tell-requester"})
    assert "2" in versions(run)
    assert "3" not in versions(run)
    replay([DEFINITION], "purchase-1", run.history)


def test_an_instance_without_its_version_stalls_until_that_is_deployed() -> None:
    hosts, run = environment(ONE_ALONE)
    hosts.run(HOUR)
    hosts.deploy([WITHOUT_ONE])
    hosts.send("purchase-1", decide(2 * HOUR))
    hosts.run(3 * HOUR)
    assert run.status is RuntimeStatus.STALLED
    hosts.deploy([DEFINITION])
    hosts.run(4 * HOUR)
    assert (run.status, run.output["status"]) == (RuntimeStatus.COMPLETED, "approved")
    replay([DEFINITION], "purchase-1", run.history)


def test_version_3_does_not_replay_a_history_of_version_1() -> None:
    """This is why there are two: as one, the reminder would come between."""
    hosts, run = environment(dataclasses.replace(ONE_ALONE, version=None))
    hosts.send("purchase-1", decide(HOUR))
    hosts.run()
    with pytest.raises(DecidesOtherwise, match="createTimer"):
        replay([dataclasses.replace(WITHOUT_ONE, version=None)], "purchase-1", run.history)


def test_an_instance_before_the_patch_takes_it() -> None:
    hosts, run = environment(UNPATCHED)
    hosts.run(HOUR)
    hosts.deploy([DEFINITION])
    hosts.send("purchase-1", decide(2 * HOUR))
    hosts.run()
    assert notifications(run) == ["notify", "tell-requester"]
    assert patches(run) == {"tell-requester"}
    replay([DEFINITION], "purchase-1", run.history)


def beyond_the_patch() -> tuple[Environment, Run]:
    """Return an instance that the unpatched code brought to its last step, which fails once."""
    attempts: list[Any] = []

    def release(step: Any) -> None:
        attempts.append(step)
        if len(attempts) == 1:
            raise RuntimeError("not now")

    hosts, run = environment(UNPATCHED, **{RELEASE_ASSIGNMENT: release})
    hosts.send("purchase-1", decide(HOUR))
    # The second attempt comes a second after the first.
    hosts.run(HOUR)
    assert run.called()[-1] == RELEASE_ASSIGNMENT
    assert run.status is RuntimeStatus.RUNNING
    return hosts, run


def test_an_instance_beyond_the_patch_completes_without_it() -> None:
    hosts, run = beyond_the_patch()
    hosts.deploy([DEFINITION])
    hosts.run()
    assert run.status is RuntimeStatus.COMPLETED
    assert run.output["requester_told"] is None
    # `replay` would not do here: turn by turn, it comes to the patch as if for the first time.
    assert (notifications(run), patches(run)) == (["notify"], set())


def test_the_step_without_the_patch_would_be_nondeterministic() -> None:
    hosts, run = beyond_the_patch()
    hosts.deploy([ALWAYS_PATCHED])
    hosts.run()
    assert run.status is RuntimeStatus.FAILED
    assert "non-deterministic" in (run.error or "").lower()
