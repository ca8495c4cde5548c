"""What a workflow must take back is taken back, however long that fails: by a child in the end."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from orchestrator.schemas.workflows import RuntimeStatus
from orchestrator.testing.environment import Run, Stub
from orchestrator.toolkit.messages import CLOSE_WAIT, RELEASE_ASSIGNMENT
from orchestrator.toolkit.retries import RETRY_FIRST
from orchestrator.workflows.onboarding.models import CLOSE_ACCOUNT, DELETE_DOCUMENT
from orchestrator.workflows.order.models import CANCEL_SHIPMENT, REFUND_PAYMENT, RELEASE_STOCK
from workflows.onboarding.world import DOCUMENTS, document, identity, outcome
from workflows.onboarding.world import run as onboard
from workflows.order.world import World

FAILURES = RETRY_FIRST.max_number_of_attempts + 5


def stubborn(then: Stub) -> Stub:
    """Return a stand-in that fails for 35 attempts, and then does what `then` does."""
    failures = iter(range(FAILURES))

    def stub(data: Any) -> Any:
        for _ in failures:
            raise RuntimeError("closed for now")
        return then(data)

    return stub


def tried_by_children(run: Run) -> set[str]:
    """Return the activities that children tried; each of them has succeeded."""
    assert {child.status for child in run.children} <= {RuntimeStatus.COMPLETED}
    return {name for child in run.children for name in child.called()}


def welcome_fails(sent: Mapping[str, Any]) -> dict[str, Any]:
    if sent["key"].endswith(":welcome"):
        raise RuntimeError("no such mailbox")
    return {"key": sent["key"]}


def test_an_onboarding_is_taken_back() -> None:
    names = (CLOSE_ACCOUNT, RELEASE_ASSIGNMENT, DELETE_DOCUMENT)
    done = onboard(
        *DOCUMENTS,
        identity(30),
        **{name: stubborn(lambda _: None) for name in names},
        send_notification=welcome_fails,
    )
    assert outcome(done) == "failed"
    assert tried_by_children(done) == set(names)


def test_an_order_is_taken_back() -> None:
    class StubbornWorld(World):
        def stub(self, name: str) -> Stub:
            usual = super().stub(name)
            return stubborn(usual) if name in taken_back else usual

    taken_back = {CANCEL_SHIPMENT, REFUND_PAYMENT, RELEASE_STOCK}
    world = StubbornWorld()
    done = world.order(simulate="notification")
    assert done.output["status"] == "compensated"
    assert tried_by_children(done) == taken_back
    assert world.untouched()


def test_a_wait_is_closed_and_what_it_accepted_counts() -> None:
    accepted = {"kind": "identity_card", "reference": "scan.pdf"}

    def close(step: Mapping[str, Any]) -> dict[str, Any]:
        return {"payload": accepted if step["slot"].endswith(":identity_card") else None}

    done = onboard(
        document(10, "proof_of_address"),
        identity(8 * 24 * 3600),
        **{CLOSE_WAIT: stubborn(close)},
    )
    assert CLOSE_WAIT in tried_by_children(done)
    assert outcome(done) == "completed"
    assert done.elapsed > timedelta(days=7)
