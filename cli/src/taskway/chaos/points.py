"""The points of an instance at which a process can be killed."""

from dataclasses import dataclass

from taskway.chaos.run import View

START = "start"
"""The point right after the request was accepted."""
# Which service a step's activity calls: held, the step certainly stands between its request and
# the answer. These names are part of histories, and never change.
CALLS = {
    "assign_task": "assigner",
    "release_assignment": "assigner",
    "send_notification": "notifier",
    "notify_customer": "notifier",
}
WAITS = {"timer", "event", "child"}


@dataclass(frozen=True)
class Point:
    """A point of an instance.

    Args:
        step: The step, or `start`; None for the first call of a held service, or the first wait.
        held: The services that are held until the kill.
    """

    step: str | None
    held: tuple[str, ...]

    def reached(self, view: View) -> str | None:
        """Return the step that the instance is at, where it is this point; None elsewhere."""
        if self.step == START:
            return START
        if self.step is not None:
            names = {step["name"] for step in view.steps} | {view.progress.get("step")}
            return self.step if self.step in names else None
        for step in view.steps:
            calls_held = CALLS.get(step["name"]) in self.held
            if step["status"] == "running" and (calls_held or step["kind"] in WAITS):
                return str(step["name"])
        return None


def choose_point(victim: str, step: str | None, *, can_hold: bool) -> Point:
    """Return the point at which to kill a victim.

    Args:
        victim: The process.
        step: The step that the user named; None for the one that shows most: the first call of
            the assigner where that is the victim, or the first notification elsewhere, and the
            first wait of a workflow that does not get there.
        can_hold: Whether services can be held until the kill. Where they cannot, a call is over
            before the kill comes, and the instance is killed at its first wait.
    """
    if not can_hold:
        return Point(step, ())
    if step is not None:
        return Point(step, (CALLS[step],) if step in CALLS else ())
    held = ("assigner", "notifier") if victim.startswith("assigner") else ("notifier",)
    return Point(None, held)
