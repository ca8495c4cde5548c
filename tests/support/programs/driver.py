"""Sends a program its events: in time, too early, while it is paused, and again."""

from dataclasses import dataclass, field
from typing import Any

from support.programs.program import Program, ProgramEvent
from support.programs.workflow import PATH
from support.system import TERMINAL, System, eventually

# The wait is not open, or the instance has ended: the event is not accepted.
REFUSED = {409, 410}
# What a fault adds to the longest program, whose events are sent one after another.
WITHIN = 240.0
WHY = {"by": "olga", "reason": "to run a program"}


@dataclass(frozen=True)
class Ended:
    """How a program ended.

    Args:
        state: Its status in the end.
        accepted: The ids of the events that the API accepted.
    """

    state: dict[str, Any]
    accepted: frozenset[int]


async def drive(system: System, program: Program) -> Ended:
    """Send a program its events, and return how it ended."""
    driver = Driver(system, program)
    await driver.send_early()
    state = await eventually(driver.end, f"{program.instance_id} to end", WITHIN)
    await driver.repeat()
    return Ended(state, frozenset(driver.accepted))


@dataclass
class Driver:
    """The client of one program; what it does to an event follows from the event's id.

    Attributes:
        accepted: The ids of the events that the API accepted.
    """

    system: System
    program: Program
    accepted: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Begin with nothing sent."""
        self._unsent = {event.wait_id: event for event in self.program.events()}
        self._early: list[ProgramEvent] = []

    async def send_early(self) -> None:
        """Send every third event at once, most of them before their wait."""
        for event in [e for e in self._unsent.values() if e.id % 3 == 0]:
            if await self._send(event):
                del self._unsent[event.wait_id]
            else:
                self._early.append(event)

    async def end(self) -> dict[str, Any] | None:
        """Return the status once it has ended; before that, send what is waited for."""
        answer = await self.system.orchestrator.get(f"/instances/{self.program.instance_id}")
        # A service that was just killed may answer nothing yet; what it accepted is there.
        state: dict[str, Any] = answer.json() if answer.status_code == 200 else {}
        for wait in (state.get("custom_status") or {}).get("waits", []):
            event = self._unsent.get(wait["id"])
            if event is not None:
                await self._send_in_time(event)
                del self._unsent[event.wait_id]
        return state if state.get("status") in TERMINAL else None

    async def repeat(self) -> None:
        """Send again what was accepted: the answer is the same, also after the end."""
        for event in self.program.events():
            if event.id in self.accepted:
                assert await self._send(event), f"{event} was accepted before"
        # The answer may have been lost with which one of these was accepted.
        for event in self._early:
            await self._send(event)

    async def _send_in_time(self, event: ProgramEvent) -> None:
        if event.id % 4 == 1 and await self._operate("pause"):
            await self._send(event)
            await self._operate("resume")
        else:
            await self._send(event)

    async def _send(self, event: ProgramEvent) -> bool:
        """Send an event until it is accepted or refused, and return whether it was accepted."""
        path = f"{PATH}/{self.program.instance_id}/{event.name}"
        accepted = await self._post(path, event.payload, wait_id=event.wait_id)
        if accepted:
            self.accepted.add(event.id)
        return accepted

    async def _operate(self, operation: str) -> bool:
        """Pause or resume the program, and return whether it had not ended."""
        return await self._post(f"/instances/{self.program.instance_id}/{operation}", WHY)

    async def _post(self, path: str, body: dict[str, Any], **params: str) -> bool:
        async def answered() -> bool | None:
            answer = await self.system.orchestrator.post(path, json=body, params=params)
            if answer.status_code == 503:
                assert answer.headers["retry-after"], answer.text
                return None
            assert answer.is_success or answer.status_code in REFUSED, answer.text
            return answer.is_success

        succeeded: bool = await eventually(answered, path)
        return succeeded
