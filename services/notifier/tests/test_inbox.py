"""The inbox channel delivers each notification once, and lists the newest first."""

import asyncio
import contextlib
import json
from collections import Counter
from datetime import datetime

import pytest

from contracts.fields import Priority
from contracts.notifier import NotificationRequest, NotificationStatus
from contracts.problems import ProblemType
from notifier.bootstrap import Notifier
from notifier.settings import Settings
from servicekit.problems import ProblemError
from servicekit.state import StoreUnavailable
from servicekit.testing import MemoryStateStore

DUE = "2030-01-31T17:00:00+01:00"


def message(body: str = "Hello", recipient: str = "ann") -> NotificationRequest:
    return NotificationRequest(recipient=recipient, subject="S", body=body)


async def bodies(notifier: Notifier, recipient: str = "ann") -> list[str]:
    return [m.body for m in (await notifier.inbox.page(recipient, None, 200)).items]


async def test_a_notification_is_delivered_to_the_inbox(notifier: Notifier) -> None:
    sent = await notifier.delivery.notify("t:notify", message())
    assert sent.status is NotificationStatus.DELIVERED
    assert sent.attempts == 1
    assert await bodies(notifier) == ["Hello"]
    assert await notifier.delivery.notification("t:notify") == sent


async def test_a_repeat_delivers_nothing(notifier: Notifier) -> None:
    first = await notifier.delivery.notify("t:notify", message())
    repeats = [notifier.delivery.notify("t:notify", message()) for _ in range(10)]
    assert await asyncio.gather(*repeats) == [first] * 10
    assert await bodies(notifier) == ["Hello"]


async def test_a_different_request_with_the_same_key_is_a_conflict(notifier: Notifier) -> None:
    await notifier.delivery.notify("t:notify", message())
    with pytest.raises(ProblemError) as error:
        await notifier.delivery.notify("t:notify", message("Other"))
    assert error.value.type is ProblemType.KEY_REUSED
    assert await bodies(notifier) == ["Hello"]


async def test_a_message_shows_priority_and_due_date(notifier: Notifier) -> None:
    request = NotificationRequest.model_validate(
        {"recipient": "ann", "subject": "S", "body": "B", "priority": "high", "due": DUE}
    )
    sent = await notifier.delivery.notify("t:notify", request)
    [message] = (await notifier.inbox.page("ann", None, 10)).items
    assert (message.priority, message.due) == (Priority.HIGH, datetime.fromisoformat(DUE))
    assert (sent.priority, sent.due) == (message.priority, message.due)
    with pytest.raises(ProblemError) as error:
        await notifier.delivery.notify(
            "t:notify", request.model_copy(update={"priority": Priority.LOW})
        )
    assert error.value.type is ProblemType.KEY_REUSED


async def test_a_repeat_matches_a_record_without_priority_and_due_date(
    notifier: Notifier, store: MemoryStateStore
) -> None:
    first = await notifier.delivery.notify("t:notify", message())
    # What is not given is not stored: the record is the same as before there were such fields.
    assert json.loads(store.data["notification:t:notify"][0])["request"] == {
        "recipient": "ann",
        "subject": "S",
        "body": "Hello",
        "channel": "inbox",
    }
    assert await notifier.delivery.notify("t:notify", message()) == first
    assert (first.priority, first.due) == (None, None)


async def test_messages_are_paged_newest_first(notifier: Notifier) -> None:
    for n in range(5):
        await notifier.delivery.notify(f"{n}:notify", message(str(n)))
    first = await notifier.inbox.page("ann", None, 2)
    second = await notifier.inbox.page("ann", first.next, 2)
    third = await notifier.inbox.page("ann", second.next, 2)
    assert [m.body for p in (first, second, third) for m in p.items] == ["4", "3", "2", "1", "0"]
    assert third.next is None


async def test_an_unknown_recipient_has_an_empty_inbox(notifier: Notifier) -> None:
    page = await notifier.inbox.page("nobody", None, 50)
    assert (page.items, page.next) == ([], None)


@pytest.mark.parametrize("lands", [True, False])
@pytest.mark.parametrize("crash", range(3))
async def test_a_repeat_after_a_crash_at_any_write_delivers_one_message(
    store: MemoryStateStore, crash: int, lands: bool
) -> None:
    crashing = MemoryStateStore(store.data)
    crashing.writes_until_crash, crashing.crash_lands = crash, lands
    with contextlib.suppress(StoreUnavailable):
        await Notifier.create(crashing, Settings()).delivery.notify("t:notify", message())
    notifier = Notifier.create(store, Settings())
    await notifier.delivery.notify("t:notify", message())
    assert await bodies(notifier) == ["Hello"]


async def test_concurrent_replicas_deliver_one_message(store: MemoryStateStore) -> None:
    replicas = [Notifier.create(MemoryStateStore(store.data), Settings()) for _ in range(5)]
    await asyncio.gather(*(r.delivery.notify("t:notify", message()) for r in replicas))
    assert await bodies(replicas[0]) == ["Hello"]


async def test_a_delivery_has_a_constant_cost(notifier: Notifier, store: MemoryStateStore) -> None:
    async def cost(key: str) -> Counter[str]:
        before = store.calls.copy()
        await notifier.delivery.notify(key, message())
        return store.calls - before

    early = await cost("early:notify")
    for n in range(500):
        await notifier.delivery.notify(f"{n}:notify", message())
    assert await cost("late:notify") == early
    assert max(len(value) for value, _ in store.data.values()) < 500
