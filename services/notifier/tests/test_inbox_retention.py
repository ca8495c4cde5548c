"""A notification and its message in the inbox expire together; numbers are never used twice."""

from datetime import timedelta

from contracts.notifier import NotificationRequest
from notifier.bootstrap import Notifier
from notifier.settings import Settings
from servicekit.testing import MemoryStateStore

KEPT = timedelta(days=Settings().inbox_kept_days)


async def notify(notifier: Notifier, key: str) -> None:
    request = NotificationRequest(recipient="ann", subject="S", body="B")
    await notifier.delivery.notify(key, request)


async def keys(notifier: Notifier) -> list[str]:
    return [m.key for m in (await notifier.inbox.page("ann", None, 10)).items]


async def test_messages_expire_one_by_one(notifier: Notifier, store: MemoryStateStore) -> None:
    await notify(notifier, "first")
    store.pass_time(KEPT / 2)
    await notify(notifier, "second")
    store.pass_time(KEPT / 2)
    await notify(notifier, "third")
    assert await keys(notifier) == ["third", "second"]
    store.pass_time(KEPT)
    assert await keys(notifier) == []


async def test_nothing_of_an_inbox_stays_forever(
    notifier: Notifier, store: MemoryStateStore
) -> None:
    await notify(notifier, "first")
    store.pass_time(KEPT + timedelta(days=1))
    assert store.data == {}
    await notify(notifier, "second")
    assert await keys(notifier) == ["second"]
