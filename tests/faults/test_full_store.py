"""A store that fills under load refuses new work, and loses nothing of what it accepted."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator

import httpx
import pytest
from redis.asyncio import Redis

from stack import Stack, StackOptions
from support.stacks import connect_stack, kept_for
from support.system import System, eventually, somebody, unique

BUDGET = 6 * 2**20
HOVER_SECONDS = 60.0
STARTERS = 6
# So that what has ended makes room within the test.
RETENTION = 15
# Less than the Retry-After of a refusal.
REFUSED_PAUSE = 0.1


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """A stack over a small Redis."""
    options = StackOptions(
        run_dir=tmp_path_factory.mktemp("full"),
        store="redis",
        prefer_port=None,
        env={
            "orchestrator": {
                **kept_for(RETENTION),
                "STORE_MEMORY_BYTES": str(BUDGET),
                "STORE_FILL_SECONDS": "0.1",
                # The store is to refuse, and not the rate.
                "STARTS_PER_MINUTE": "0",
                "UPLOADS_PER_MINUTE": "0",
            }
        },
    )
    async with Stack(options) as running:
        yield running


@pytest.fixture(scope="module")
async def system(stack: Stack) -> AsyncIterator[System]:
    async with connect_stack(stack) as system:
        yield system


@pytest.fixture(scope="module")
async def redis(stack: Stack) -> AsyncIterator[Redis]:
    """The stack's Redis, which refuses writes over the budget: so it shows whether one came."""
    async with Redis.from_url(stack.redis_url(), decode_responses=True) as client:
        await client.config_set("maxmemory", BUDGET)
        yield client


class Load:
    """Starts tasks and uploads documents for a time, and keeps what was accepted."""

    def __init__(self, system: System) -> None:
        self._system = system
        self.until = time.monotonic() + HOVER_SECONDS
        self.accepted: list[str] = []
        self.documents: list[str] = []
        self.answers: Counter[int] = Counter()
        self.may_begin = 0

    async def start(self) -> None:
        """Start tasks, each once; what is refused is another task the next time."""
        while time.monotonic() < self.until:
            answer = await self._system.process(task_id=unique(), title="T", assignee=somebody())
            if self._counted(answer):
                self.accepted.append(answer.json()["instance_id"])
            else:
                await asyncio.sleep(REFUSED_PAUSE)

    async def upload(self) -> None:
        """Upload documents, and delete one of them each time that there is no room."""
        while time.monotonic() < self.until:
            name = unique()
            answer = await self._system.orchestrator.put(
                f"/documents/{name}", json={"text": "x" * 50_000}
            )
            if self._counted(answer):
                self.documents.append(name)
            elif self.documents:
                await self._system.orchestrator.delete(f"/documents/{self.documents.pop()}")

    def _counted(self, answer: httpx.Response) -> bool:
        self.answers[answer.status_code] += 1
        if answer.status_code == 503:
            assert int(answer.headers["retry-after"]) > 0
            # On a slow machine a start may take longer than its caller waits: it may yet begin.
            self.may_begin += "nearly full" not in answer.json()["detail"]
        return answer.is_success


async def ended(system: System) -> int:
    """Return how many tasks completed; an end is counted also where retention removed it since."""
    text = (await system.orchestrator.get("/metrics")).text
    lines = [line for line in text.splitlines() if line.startswith("taskway_instances_ended_total")]
    assert all('status="COMPLETED"' in line for line in lines), lines
    return round(sum(float(line.rpartition(" ")[2]) for line in lines))


async def test_nothing_that_was_accepted_is_lost_while_the_store_is_full(
    system: System, redis: Redis
) -> None:
    load = Load(system)
    await asyncio.gather(load.upload(), *(load.start() for _ in range(STARTERS)))
    # It was full again and again, and still took some.
    assert set(load.answers) == {201, 202, 503}, load.answers
    assert load.answers[503] - load.may_begin > HOVER_SECONDS

    async def all_ended() -> bool | None:
        surplus = await ended(system) - len(load.accepted)
        assert surplus <= load.may_begin
        return True if surplus >= 0 else None

    await eventually(all_ended, f"{len(load.accepted)} tasks to end")
    for instance in load.accepted:
        # 404 is what retention has removed; an instance that cannot be read would be neither.
        answer = await system.orchestrator.get(f"/instances/{instance}")
        assert answer.status_code in (200, 404, 410), answer.text
        assert answer.status_code != 200 or answer.json()["status"] == "COMPLETED", answer.text

    memory, errors = await redis.info("memory"), await redis.info("errorstats")
    assert "errorstat_OOM" not in errors
    assert memory["used_memory_peak"] < BUDGET


async def test_doctor_says_that_the_store_is_full(system: System, redis: Redis) -> None:
    fillers: list[str] = []

    async def fill() -> None:
        # In small pieces: a request has to fit beside what is stored.
        while (await redis.info("memory"))["used_memory"] < BUDGET * 0.85:
            fillers.append(f"filler-{len(fillers)}")
            await redis.set(fillers[-1], "x" * 20_000)

    async def check() -> dict[str, str] | None:
        # Again each time, for retention makes room meanwhile.
        await fill()
        checks = (await system.orchestrator.get("/system")).json()["checks"]
        [found] = [check for check in checks if check["name"] == "store fill"]
        return None if found["ok"] else found

    async def refused() -> bool | None:
        await fill()
        answer = await system.process(task_id=unique(), title="T", assignee=somebody())
        return True if answer.status_code == 503 else None

    found = await eventually(check, "the store to be full", within=10)
    assert "memory of Redis" in found["detail"]
    await eventually(refused, "a start to be refused", within=10)
    if fillers:
        await redis.delete(*fillers)

    async def admitted() -> bool | None:
        answer = await system.process(task_id=unique(), title="T", assignee=somebody())
        return True if answer.is_success else None

    await eventually(admitted, "a start to be accepted again")
    text = (await system.orchestrator.get("/metrics")).text
    assert "taskway_store_used_ratio" in text


async def test_an_instance_with_incomplete_state_is_named_and_removed(
    system: System, redis: Redis
) -> None:
    customer, order = somebody(), unique()
    request = {
        "order_id": order,
        "customer": customer,
        "lines": [{"sku": "pencil", "quantity": 2}],
    }
    wallet = f"/wallets/{customer}"
    before = (await system.orchestrator.get(wallet)).json()
    instance = await system.start("/orders", **request)
    await system.finished(instance)
    assert (await system.orchestrator.get(wallet)).json() != before
    await lose_history(redis, instance)

    async def named() -> bool | None:
        answer = await system.orchestrator.get(f"/instances/{instance}")
        assert answer.status_code in (500, 503), answer.text
        return True if answer.json()["type"].endswith("instance-torn") else None

    await eventually(named, f"{instance} to be named incomplete")
    checks = (await system.orchestrator.get("/system")).json()["checks"]
    [check] = [check for check in checks if check["name"] == "stored instances"]
    assert instance in check["detail"]

    answer = await remove(system, instance)
    assert answer.status_code == 200, answer.text
    assert answer.json()["compensated"] == [
        f"shipment:{instance}:ship_order",
        f"wallet-movement:{instance}:take_payment",
        f"stock-movement:{instance}:reserve_stock:0",
    ]
    assert (await system.orchestrator.get(wallet)).json() == before
    assert (await system.orchestrator.get(f"/instances/{instance}")).status_code == 410
    assert (await remove(system, instance)).status_code == 410
    assert [key async for key in redis.scan_iter(f"*workflow||{instance}||*")] == []
    # The id is free: its second life has effects of its own.
    assert await system.start("/orders", **request) == instance
    assert (await system.finished(instance))["output"]["status"] == "completed"


async def test_a_removed_instance_that_the_sidecar_has_in_memory_can_be_started_again(
    system: System, redis: Redis
) -> None:
    instance = await system.purchase()
    refused = await remove(system, instance)
    assert refused.status_code == 409, refused.text
    await lose_history(redis, instance)

    async def removed() -> bool | None:
        return True if (await remove(system, instance)).status_code == 200 else None

    await eventually(removed, f"{instance} to be removed")
    answer = await system.orchestrator.post(
        "/purchase-orders",
        json={
            "purchase_id": instance.removeprefix("purchase-"),
            "requester": somebody(),
            "item": "Another",
            "amount": 129_900,
            "approver": somebody(),
        },
    )
    assert answer.status_code == 202, answer.text
    await system.waiting(instance, "approval")


async def lose_history(redis: Redis, instance: str) -> None:
    """Delete a part of the state of an instance, as a Redis that refuses some writes loses it."""
    [lost] = [key async for key in redis.scan_iter(f"*||{instance}||history-000001")]
    await redis.delete(lost)


async def remove(system: System, instance: str) -> httpx.Response:
    return await system.orchestrator.post(
        f"/instances/{instance}/remove-torn", json={"reason": "its history is lost", "by": "olga"}
    )
