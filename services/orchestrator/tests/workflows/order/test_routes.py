"""Concurrent requests about one wallet."""

import asyncio

from unit_support.api import api_over

from orchestrator.api.rate_limits import RateLimits
from orchestrator.storage.guard import StoreGuard
from servicekit.testing import MemoryStateStore


async def test_concurrent_deposits_to_a_wallet_all_count() -> None:
    async with api_over(
        store=MemoryStateStore(), store_guard=StoreGuard([]), rate_limits=RateLimits(0, 0)
    ) as api:
        wallet = "/wallets/kim@example.com"
        before = (await api.get(wallet)).json()["balance"]["amount"]
        answers = await asyncio.gather(
            *(api.put(f"{wallet}/deposits/{n}", json={"amount": 7}) for n in range(60))
        )
        assert {answer.status_code for answer in answers} == {200}
        assert (await api.get(wallet)).json()["balance"]["amount"] == before + 60 * 7
