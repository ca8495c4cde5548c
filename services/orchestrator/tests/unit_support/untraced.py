"""Histories without traces, for tests of what reads them."""

import asyncio
from collections.abc import Sequence
from typing import Any

from orchestrator.telemetry.trace_context import TraceContexts


async def no_answer(_: str) -> Sequence[Any]:
    """Never return."""
    await asyncio.Event().wait()
    return []


async def _no_history(_: str) -> Sequence[Any]:
    return []


NO_TRACE_CONTEXTS = TraceContexts(_no_history)
