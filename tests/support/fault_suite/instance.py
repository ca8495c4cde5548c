"""One instance of the load, from its start to its end, as its client sees it."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from support.fault_suite.case import Case, Choice, Decision, outcome_of
from support.fault_suite.client import Client, Final, Recorder
from support.system import TERMINAL

FIRST_POLL, LONGEST_POLL = 0.3, 2.0
ORDER = {"PENDING": 0, "RUNNING": 1, "SUSPENDED": 1}
# Something else was decided before: while the instance goes on, and after its end.
TOO_LATE = (409, 410)
OK, GONE = 200, 410


@dataclass
class Instance:
    """What is known of an instance.

    Args:
        name: The caller's id.
        case: What it does.
        asked: When its start was first sent, in seconds of the run.
        accepted: When that was answered; None until then.
        ended: When its end was first seen.
        id: Its id, once it is accepted.
        step: The step that it was last seen at.
        state: Its last status.
        decided: For each decision, the choices that were accepted.
        wrong: What no client should have seen.
        removed: Whether it is removed within the run, and its start repeated after that.
    """

    name: str
    case: Case
    asked: float
    accepted: float | None = None
    ended: float | None = None
    id: str = ""
    step: str = ""
    state: dict[str, Any] = field(default_factory=dict)
    decided: list[list[Choice]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    removed: bool = False

    @property
    def in_flight(self) -> bool:
        """Whether it is accepted and has not ended."""
        return self.accepted is not None and self.ended is None

    @property
    def outcome(self) -> str | None:
        """How it ended, by its output."""
        return outcome_of(self.state.get("output"))

    def expected(self) -> str:
        """Return the outcome that it aims at, by what was decided."""
        outcomes = [choice.outcome for chosen in self.decided for choice in chosen]
        return next((outcome for outcome in outcomes if outcome), None) or self.case.outcome

    async def run(self, client: Client, recorder: Recorder) -> None:
        """Start it, decide where it waits, and watch it to its end."""
        self.asked = recorder.now()
        try:
            body = dict(self.case.request)
            answer = await client.persist(self.name, "POST", self.case.path, body)
            self.id, self.accepted = answer.json()["instance_id"], recorder.now()
            if self.case.early:
                await self._decide_early(client)
            else:
                await self._decide_in_order(client)
            while not await self._look(client):
                pass
            self.ended = recorder.now()
            if self.removed:
                await self._start_again_once_removed(client)
            else:
                await self._decide_again(client)
        except Final as refusal:
            self.wrong.append(f"refused: {refusal}")

    async def see_again(self, client: Client) -> None:
        """Read its status once more: an answer once given stays."""
        if self.removed:
            if (status := await self._status(client)) != GONE:
                self.wrong.append(f"it was removed, and is answered {status} later")
            return
        before = {name: self.state.get(name) for name in ("status", "output")}
        after = (await client.get(self.name, f"/instances/{self.id}")).json()
        if before != {name: after.get(name) for name in before}:
            self.wrong.append(f"it ended as {before}, and later as {after}")

    async def _start_again_once_removed(self, client: Client) -> None:
        """Repeat its start when the engine has it no more: its id stays used."""
        status = OK
        while status == OK:
            await asyncio.sleep(LONGEST_POLL)
            status = await self._status(client)
        if status != GONE:
            self.wrong.append(f"it ended, and is answered {status} once it is removed")
        body, allowed = dict(self.case.request), (404, 409, GONE)
        again = await client.persist(self.name, "POST", self.case.path, body, allowed)
        if again.status_code != GONE:
            self.wrong.append(f"it runs twice: removed, and started again by {again.status_code}")

    async def _status(self, client: Client) -> int:
        path = f"/instances/{self.id}"
        return (await client.persist(self.name, "GET", path, allowed=(404, GONE))).status_code

    async def _decide_in_order(self, client: Client) -> None:
        for decision in self.case.decisions:
            if not await self._waits_for(client, decision):
                break
            if self.case.paused:
                await self._operate(client, "pause")
            await self._decide(client, decision)
            if self.case.paused:
                await self._stays_paused(client)
                await self._operate(client, "resume")

    async def _decide_early(self, client: Client) -> None:
        """Send the events from the start on, the last one first, until each was waited for."""
        open_choices = [decision.choices[0] for decision in reversed(self.case.decisions)]
        while open_choices:
            for choice in list(open_choices):
                if await self._send(client, choice, TOO_LATE):
                    self.decided.append([choice])
                    open_choices.remove(choice)
            if await self._look(client, FIRST_POLL):
                break

    async def _decide_again(self, client: Client) -> None:
        """Send each event once more after the end: what was accepted still is, and no other."""
        accepted = [choice for chosen in self.decided for choice in chosen]
        sent = (choice for decision in self.case.decisions for choice in decision.choices)
        for number, choice in enumerate(each := list(sent)):
            if choice in each[:number]:
                continue
            if choice in accepted:
                await self._send(client, choice)
            elif await self._send(client, choice, TOO_LATE):
                self.wrong.append(f"it took {choice} after its end")

    async def _waits_for(self, client: Client, decision: Decision) -> bool:
        wanted, pause = decision.choices[0].event, FIRST_POLL
        while not await self._look(client, pause):
            waits = (self.state.get("custom_status") or {}).get("waits", [])
            if any(wait["event"] == wanted for wait in waits):
                await asyncio.sleep(decision.after_seconds)
                return True
            pause = min(1.3 * pause, LONGEST_POLL)
        return False

    async def _decide(self, client: Client, decision: Decision) -> None:
        # One person alone is never too late: nobody else decides.
        allowed = TOO_LATE if len(decision.choices) > 1 else ()

        async def send(choice: Choice) -> Choice | None:
            return choice if await self._send(client, choice, allowed) else None

        answers = await asyncio.gather(*(send(choice) for choice in decision.choices))
        accepted = [choice for choice in answers if choice]
        self.decided.append(accepted)
        if len({(choice.event, str(choice.payload)) for choice in accepted}) != 1:
            self.wrong.append(f"of {decision.choices}, these were accepted: {accepted}")

    async def _send(self, client: Client, choice: Choice, allowed: Collection[int] = ()) -> bool:
        """Send an event; return whether it was accepted, and not refused as allowed."""
        path = f"/instances/{self.id}/events/{choice.event}"
        answer = await client.persist(self.name, "POST", path, dict(choice.payload), allowed)
        return answer.is_success

    async def _operate(self, client: Client, operation: str) -> None:
        body = {"reason": "A fault suite's", "by": "olga"}
        await client.persist(self.name, "POST", f"/instances/{self.id}/{operation}", body)

    async def _stays_paused(self, client: Client) -> None:
        if await self._look(client) or self.state["status"] != "SUSPENDED":
            self.wrong.append(f"it was paused, and is {self.state['status']}")

    async def _look(self, client: Client, pause: float = 0.6) -> bool:
        """Read its status after a pause; return whether it has ended."""
        await asyncio.sleep(pause)
        state = (await client.get(self.name, f"/instances/{self.id}")).json()
        before, now = self.state.get("status", "PENDING"), state["status"]
        if _rank(now) < _rank(before):
            self.wrong.append(f"its status went from {before} back to {now}")
        self.state = state
        self.step = (state.get("custom_status") or {}).get("step", "")
        return now in TERMINAL


def _rank(status: str) -> int:
    return ORDER.get(status, 2)
