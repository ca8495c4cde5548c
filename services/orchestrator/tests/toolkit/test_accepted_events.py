"""Of the payloads for one event key exactly one is accepted, or none once the wait is closed."""

import asyncio

from orchestrator.toolkit.accepted_events import AcceptedEvents, Sent
from servicekit.testing import MemoryStateStore

Data = dict[str, tuple[str, str]]


def events(data: Data) -> AcceptedEvents:
    return AcceptedEvents(MemoryStateStore(data))


async def test_the_first_payload_is_accepted_and_every_later_one_is_shown_it() -> None:
    data: Data = {}
    first, created = await events(data).accept_once("purchase-1", "approval.1", {"approved": True})
    assert (first.payload, created) == ({"approved": True}, True)
    later, created = await events(data).accept_once("purchase-1", "approval.1", {"approved": False})
    assert (later.payload, created) == ({"approved": True}, False)


async def test_a_wait_that_was_closed_accepts_nothing() -> None:
    data: Data = {}
    closed, created = await events(data).accept_once("purchase-1", "approval.1", None)
    assert (closed.payload, created) == (None, True)
    late, created = await events(data).accept_once("purchase-1", "approval.1", {"approved": True})
    assert (late.payload, created) == (None, False)


async def test_each_event_key_of_each_instance_accepts_its_own_payload() -> None:
    data: Data = {}
    for instance, key in (("purchase-1", "a"), ("purchase-1", "b"), ("purchase-2", "a")):
        accepted, created = await events(data).accept_once(instance, key, {"for": instance + key})
        assert (accepted.payload, created) == ({"for": instance + key}, True)
    assert set(data) == {"decision:purchase-1:a", "decision:purchase-1:b", "decision:purchase-2:a"}


async def test_of_concurrent_payloads_one_is_accepted() -> None:
    data: Data = {}
    answers = await asyncio.gather(
        *(events(data).accept_once("purchase-1", "approval.1", {"by": by}) for by in range(5))
    )
    assert sum(created for _, created in answers) == 1
    assert len({str(accepted.payload) for accepted, _ in answers}) == 1


async def test_it_is_recorded_that_an_accepted_event_was_raised() -> None:
    data: Data = {}
    await events(data).mark_raised("purchase-1", "approval.1")
    assert data == {}
    accepted, _ = await events(data).accept_once("purchase-1", "approval.1", {"by": 1}, "dana")
    assert not accepted.raised
    await events(data).mark_raised("purchase-1", "approval.1")
    found = await events(data).find("purchase-1", "approval.1")
    assert found == accepted.model_copy(update={"raised": True})


async def test_a_repeat_finds_the_wait_that_its_payload_was_sent_for_last() -> None:
    data: Data = {}
    payload = {"approved": True, "approver": "dana"}
    for number in (1, 2):
        sent = Sent(wait_id=f"approval.{number}", event_key=f"approval.{number}")
        await events(data).remember("purchase-1", "approval", payload, sent)
    reordered = dict(reversed(payload.items()))
    assert await events(data).recall("purchase-1", "approval", reordered) == sent
    for instance, event, other in (
        ("purchase-2", "approval", payload),
        ("purchase-1", "stop", payload),
        ("purchase-1", "approval", {**payload, "approved": False}),
    ):
        assert await events(data).recall(instance, event, other) is None
