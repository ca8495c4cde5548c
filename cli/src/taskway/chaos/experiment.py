"""Kills a process while an instance runs, and compares what was there before and after."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from taskway.chaos.effects import Effect, count_effects, count_requests
from taskway.chaos.points import START, Point
from taskway.chaos.run import JSON, Run, View
from taskway.chaos.target import PEERS, Killed, Target
from taskway.errors import CommandError, Unavailable

Found = TypeVar("Found")
# Steps take some 25 ms, and the point is not to be missed.
POLL_SECONDS = 0.01
PATIENT_POLL_SECONDS = 0.1
# A held service answers nobody: not for longer than it takes to see that the point is not there.
LONGEST_HOLD_SECONDS = 30.0


@dataclass
class Findings:
    """What was seen; times are seconds since the kill, or None where it never came.

    Args:
        instance: The instance.
        started_at: When its start was requested.
        step: Where it was when the process was killed.
        killed: The process.
        killed_at: When.
        before: The instance then.
        held: The services that were held until then.
        after: The instance once it had ended.
        successor: The process that took the victim's place.
        back_after: When it had.
        went_on_after: When the instance was first seen to have gone on.
        ended_after: When it was seen to have ended.
        effects: Its effects at their receivers.
        requests: How many effects each receiver was asked for meanwhile.
        wanted: The outcome that the sample should have; None for any.
    """

    instance: str
    started_at: datetime
    step: str
    killed: Killed
    killed_at: datetime
    before: View
    held: tuple[str, ...]
    after: View
    successor: str | None = None
    back_after: float | None = None
    went_on_after: float | None = None
    ended_after: float | None = None
    effects: list[Effect] = field(default_factory=list)
    requests: dict[str, int] = field(default_factory=dict)
    wanted: str | None = None

    @property
    def lost(self) -> list[str]:
        """What was there before the kill, or was promised, and is not there now."""
        lost = []
        same = self.before.detail["created_at"] == self.after.detail["created_at"]
        kept = {(s["event_id"], s["name"]) for s in self.after.steps if s["status"] != "running"}
        if same:
            # An eternal workflow begins a new history with each generation.
            lost = [
                f"step {s['name']}"
                for s in self.before.steps
                if s["status"] == "completed" and (s["event_id"], s["name"]) not in kept
            ]
        keys = {effect.key for effect in self.effects}
        lost += [f"effect {key}" for key in promised_keys(self.after.steps) if key not in keys]
        if self.after.detail["status"] != "COMPLETED" or self.wanted not in (
            None,
            self.after.outcome,
        ):
            lost.append(f"the outcome: {self.after.outcome}")
        return lost

    @property
    def doubled(self) -> list[Effect]:
        """The effects that their receivers have more than once."""
        return [effect for effect in self.effects if effect.times > 1]


def promised_keys(steps: list[JSON]) -> list[str]:
    """Return the keys of the notifications and assignments that a history says were made."""
    keys = []
    for step in steps:
        given, output = step["input"], step["output"]
        if step["status"] != "completed" or not isinstance(given, dict):
            continue
        assigned = isinstance(output, dict) and output.get("assignment")
        if step["name"] == "send_notification" or assigned:
            keys.append(given["key"])
    return keys


@dataclass(frozen=True)
class Experiment:
    """One kill.

    Args:
        target: The system.
        run: The sample.
        victim: The process to kill.
        point: Where to kill it.
        timeout: Seconds for the way to the point, and again from the kill to the end.
        say: Takes a line as things happen.
    """

    target: Target
    run: Run
    victim: str
    point: Point
    timeout: float
    say: Callable[[str], None]

    def make(self) -> Findings:
        """Start the sample, kill the process, and wait for the end.

        Raises:
            CommandError: The instance never was at the point, or did not end in time.
        """
        self.target.check(self.victim)
        asked = self._persist(lambda: count_requests(self.target))
        with self.target.hold(self.point.held):
            started_at = datetime.now(UTC)
            self._persist(self.run.start)
            self.say(f"accepted as {self.run.instance}")
            step, before = self._reach()
            killed, killed_at = self.target.kill(self.victim), datetime.now(UTC)
        self.say(f"killed {killed.victim} ({killed.what}, {killed.how}) at {step}")
        found = Findings(
            instance=self.run.instance,
            started_at=started_at,
            step=step,
            killed=killed,
            killed_at=killed_at,
            before=before,
            held=self.point.held,
            after=before,
            wanted=self.run.sample.get("outcome"),
        )
        self._follow(found)
        named_by = [found.after.detail, found.after.steps, before.detail, before.steps]
        found.effects = self._persist(
            lambda: count_effects(self.target, self.run.instance, named_by)
        )
        now = self._persist(lambda: count_requests(self.target))
        for service in PEERS:
            # One that was killed counts from 0 again.
            restarted = now[service] < asked[service] or self.victim == service
            found.requests[service] = now[service] - (0 if restarted else asked[service])
        return found

    def _reach(self) -> tuple[str, View]:
        """Return the step at which the instance is at the point, and what it says there."""
        limit = min(self.timeout, LONGEST_HOLD_SECONDS) if self.point.held else self.timeout
        for view in self._views(limit, POLL_SECONDS, "to be at the point of the kill"):
            if (step := self.point.reached(view)) is not None:
                return step, view
            if view.ended:
                break
            self._send(view)
        call = f"a call of the {self.point.held[-1]}, or " if self.point.held else ""
        at = self.point.step or f"{call}a wait"
        names = ", ".join(dict.fromkeys(s["name"] for s in view.steps))
        raise CommandError(
            f"{self.run.instance} ended without {at}. Its steps were: {names}; name one, or "
            f"{START}, with --at"
        )

    def _follow(self, found: Findings) -> None:
        began = time.monotonic()
        at_kill = found.before.fingerprint()
        follow = self._views(
            self.timeout, PATIENT_POLL_SECONDS, "to end", lambda: self._back(found, began)
        )
        for view in follow:
            found.after = view
            if found.went_on_after is None and view.fingerprint() != at_kill:
                found.went_on_after = time.monotonic() - began
            if view.ended and found.ended_after is None:
                found.ended_after = time.monotonic() - began
            if view.ended and found.successor:
                return
            self._send(view)

    def _back(self, found: Findings, began: float) -> None:
        """Note when the victim's successor runs and the orchestrator is ready."""
        if found.successor:
            return
        successor = self.target.successor(found.killed)
        if successor is None or not self._ready():
            return
        found.successor, found.back_after = successor, time.monotonic() - began
        self.say(f"{self.victim} is back as {successor}")

    def _ready(self) -> bool:
        try:
            services = [self.target.orchestrator.get("/readyz")]
            if self.victim in PEERS:
                with self.target.peer(self.victim) as api:
                    services.append(api.get("/readyz"))
        except CommandError:
            return False
        return not any("warnings" in service for service in services)

    def _send(self, view: View) -> None:
        if event := self.run.send_due_event(view):
            self.say(f"sent {event}")

    def _views(
        self, seconds: float, pause: float, what: str, meanwhile: Callable[[], None] = lambda: None
    ) -> Iterator[View]:
        """Yield what the instance says, again and again until time runs out."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            meanwhile()
            view = self.run.look()
            if view is not None:
                yield view
            time.sleep(pause)
        raise CommandError(
            f"Waited {seconds:g} s for {self.run.instance} {what}: see `taskway show "
            f"{self.run.instance}`, or give it more time with --timeout"
        )

    def _persist(self, request: Callable[[], Found]) -> Found:
        """Return what a request does, sent again while nobody answers."""
        deadline = time.monotonic() + self.timeout
        while True:
            try:
                return request()
            except Unavailable:
                if time.monotonic() > deadline:
                    raise
            time.sleep(PATIENT_POLL_SECONDS)
