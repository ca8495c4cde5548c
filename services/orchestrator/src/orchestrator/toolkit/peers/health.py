"""Asks the peers whether they can serve, through the sidecar as any call goes."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from orchestrator.toolkit.peers.peer import was_not_answered
from servicekit.sidecar import UNTRACED

# How long an answer counts, so that many who ask make one call.
FRESH_SECONDS = 1.0


@dataclass(frozen=True)
class PeerState:
    """What was found when a peer was asked.

    Attributes:
        problem: Why it cannot serve, or None where it can.
        since: Since when it cannot, as far as this process knows.
        seconds: How long the answer took.
    """

    problem: str | None
    since: datetime | None
    seconds: float


class PeerHealth:
    """Which peers can serve, by their `/readyz`; each is asked when somebody wants to know."""

    def __init__(self, http: httpx.AsyncClient, timeout: float = 1.0) -> None:
        """Ask over `http`, a client of the sidecar; no answer within `timeout` seconds is none."""
        self._http = http
        self._timeout = timeout
        self._asked: dict[str, tuple[float, asyncio.Task[PeerState]]] = {}
        self._since: dict[str, datetime] = {}

    async def state(self, app_id: str) -> PeerState:
        """Return whether a peer can serve, as of a second ago at most."""
        at, asking = self._asked.get(app_id, (0.0, None))
        if asking is None or (asking.done() and time.monotonic() - at > FRESH_SECONDS):
            asking = asyncio.create_task(self._ask(app_id))
            self._asked[app_id] = time.monotonic(), asking
        return await asyncio.shield(asking)

    async def away(self, app_ids: Iterable[str]) -> Mapping[str, datetime]:
        """Return those of the peers that cannot serve, and since when."""
        ids = sorted(set(app_ids))
        states = await asyncio.gather(*(self.state(app_id) for app_id in ids))
        found = zip(ids, states, strict=True)
        return {app_id: state.since for app_id, state in found if state.since is not None}

    async def _ask(self, app_id: str) -> PeerState:
        began, now = time.monotonic(), datetime.now(UTC)
        problem = await self._problem(app_id)
        if problem is None:
            self._since.pop(app_id, None)
        since = None if problem is None else self._since.setdefault(app_id, now)
        return PeerState(problem, since, time.monotonic() - began)

    async def _problem(self, app_id: str) -> str | None:
        try:
            # The sidecar would try for longer: components/resiliency.yaml.
            async with asyncio.timeout(self._timeout):
                url = f"/v1.0/invoke/{app_id}/method/readyz"
                answer = await self._http.get(url, headers=UNTRACED)
        except TimeoutError:
            return f"no answer within {self._timeout:g} s"
        except httpx.HTTPError as error:
            return f"{type(error).__name__} {error}".rstrip()
        # A refusal, as by an access control list that lacks this address, is an answer.
        return f"{answer.status_code} {answer.text}" if was_not_answered(answer) else None
