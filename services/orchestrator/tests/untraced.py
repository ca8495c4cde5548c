"""Instances without traces, for tests of what would tell of them."""

from typing import Any

from orchestrator.origins import Origins


async def _no_history(_: str) -> list[Any]:
    return []


NO_ORIGINS = Origins(_no_history)
