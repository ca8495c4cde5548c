"""An instance that disappears before its end is lost, and counted."""

from collections import Counter
from typing import Any

import pytest
from unit_support.fake_instances import FakeEngine, polled

from orchestrator.schemas.workflows import RuntimeStatus


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    counted: Counter[str] = Counter()

    class Counted:
        def add(self, amount: int, labels: dict[str, Any]) -> None:
            counted[labels["workflow"]] += amount

    monkeypatch.setattr("orchestrator.visibility.poller.LOST", Counted())
    return counted


@pytest.mark.parametrize("by_listing", [True, False])
async def test_what_is_gone_before_its_end_is_lost(lost: Counter[str], by_listing: bool) -> None:
    engine = FakeEngine({"a": "RUNNING", "b": "SUSPENDED", "c": "COMPLETED", "d": "RUNNING"})
    index, poller = polled(engine)
    await poller.list_ids()
    await poller.poll_due()
    engine.statuses = {"d": "RUNNING"}
    if by_listing:
        await poller.list_ids()
    else:
        await poller.refresh(["a", "b", "c"])
    assert index.ids() == ["d"]
    assert lost == {"task": 2}


async def test_what_ended_unseen_and_was_purged_is_not_lost(lost: Counter[str]) -> None:
    engine = FakeEngine({"a": "RUNNING"})
    index, poller = polled(engine)
    await poller.list_ids()
    await poller.poll_due()
    index.note_end("a", RuntimeStatus.COMPLETED)
    engine.statuses = {}
    await poller.refresh(["a"])
    assert (index.ids(), lost) == ([], {})
