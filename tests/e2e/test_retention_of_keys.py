"""Whatever a workflow leaves in the state stores expires, besides a few things that are listed."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from redis.asyncio import Redis

from stack import Stack
from stack.layout import APPS
from support.samples import Ended
from support.system import System, somebody, unique

# docs/operating.md has the reasons, and what bounds each.
PERMANENT = {
    "assigner": ("member", "members", "email", "skill", "open", "held", "assignment"),
    "notifier": (),
    "orchestrator": (
        *("stock", "wallet", "account", "schedule", "schedules"),
        *("document", "documents", "note", "notes", "note-term"),
    ),
}


async def without_expiry(stack: Stack) -> set[tuple[str, str]]:
    """Return what the services keep without an end: the service, and what the keys begin with."""
    keys = await permanent_keys(stack)
    # What the engine keeps, its own retention removes.
    ours = [key.split("||") for key in keys if "||dapr.internal." not in key]
    return {(app, re.split("[:|]", key)[0]) for app, key in (k for k in ours if len(k) == 2)}


async def permanent_keys(stack: Stack) -> list[str]:
    return await of_redis(stack) if stack.has("redis") else of_sqlite(stack)


async def of_redis(stack: Stack) -> list[str]:
    async with Redis.from_url(stack.redis_url(), decode_responses=True) as redis:
        return [key async for key in redis.scan_iter() if await redis.ttl(key) == -1]


def of_sqlite(stack: Stack) -> list[str]:
    found: list[str] = []
    for app in APPS:
        found += of_file(stack.run.data / f"{app}-state.db")
    return found + of_file(stack.run.data / "orchestrator-actors.db")


def of_file(file: Path) -> list[str]:
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as database:
        rows = database.execute("SELECT key FROM state WHERE expiration_time IS NULL")
        return [key for (key,) in rows]


async def test_all_that_samples_leave_expires_or_is_listed(
    stack: Stack, system: System, ended: Ended
) -> None:
    # An operation and a claim leave records, too.
    instance = await system.purchase()
    why = {"reason": "to leave a record", "by": "olga"}
    claim = await system.orchestrator.post(
        f"/waiting/{instance}/approval/claim", json={"by": "olga"}
    )
    assert claim.status_code == 200, claim.text
    answer = await system.orchestrator.post(f"/instances/{instance}/terminate", json=why)
    assert answer.status_code == 200, answer.text
    assert len(ended) > 0
    found = await without_expiry(stack)
    assert ("assigner", "member") in found
    allowed = {(app, name) for app, names in PERMANENT.items() for name in names}
    assert found - allowed == set()


async def test_the_state_of_a_tracked_task_expires_after_its_end(
    stack: Stack, system: System
) -> None:
    name = unique()
    state = f"orchestrator||TaskActor||{name}||task"
    # The second life of an id begins with the state that the first one left.
    for title in ("A", "B"):
        instance = await system.start("/tasks", task_id=name, title=title, assignee=somebody())
        await system.waiting(instance, "done")
        assert state in await permanent_keys(stack)
        assert (await system.send(instance, "done", by="ann")).is_success
        await system.finished(instance)
        assert state not in await permanent_keys(stack)
        assert (await system.orchestrator.get(f"/tasks/{name}")).json()["state"] == "done"
        why = {"reason": "to start it anew", "by": "olga"}
        answer = await system.orchestrator.delete(f"/instances/{instance}", params=why)
        assert answer.status_code == 200, answer.text
