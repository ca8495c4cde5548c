"""Shows what an experiment found."""

from datetime import datetime
from typing import Any

from taskway.chaos.experiment import Findings
from taskway.session import Session
from taskway.terminal import plain

NOTHING = "[green]nothing[/]"


def show_findings(s: Session, found: Findings) -> None:
    """Print for people what was done before the kill, what was lost, and what was done twice."""
    s.say(f"\n[bold]Done before the kill[/] of {plain(found.killed.victim)}")
    for step in found.before.steps:
        began, ended = _offset(found, step["started_at"]), _offset(found, step["ended_at"])
        state = "[yellow]under way[/]" if ended is None else plain(step["status"])
        s.say(_line(began if ended is None else ended, f"{plain(step['name'])} {state}"))
    s.say("[bold]Done after it[/]")
    for offset, text in sorted(_after(found)):
        s.say(_line(offset, text))
    s.say(
        f"[bold]Recovered[/] the process after {_time(found.back_after)}, "
        f"{plain(found.instance)} after {_time(found.went_on_after)}"
    )
    lost = ", ".join(plain(what) for what in found.lost)
    s.say(f"[bold]Lost[/] {f'[red]{lost}[/]' if lost else NOTHING}")
    doubled = ", ".join(plain(effect.key) for effect in found.doubled)
    s.say(f"[bold]Done twice[/] {f'[red]{doubled}[/]' if doubled else NOTHING}")
    for effect in found.effects:
        s.say(f"  {effect.times} x {plain(effect.key)} at the {effect.receiver}")
    if not found.effects:
        s.say("  it has no effect at the assigner or the notifier")
    for receiver, count in found.requests.items():
        if count:
            since = (
                ", not counting those of the killed one" if found.killed.victim == receiver else ""
            )
            s.say(f"  [dim]attempts: the {receiver} got {_requests(count)}{since}[/]")


def _after(found: Findings) -> list[tuple[float, str]]:
    """Return what happened after the kill, with the seconds since the start."""
    killed = (found.killed_at - found.started_at).total_seconds()
    lines = (
        [(killed + found.ended_after, f"ended {plain(found.after.outcome)}")]
        if (found.ended_after is not None)
        else []
    )
    if found.back_after is not None:
        back = f"{plain(found.killed.victim)} is back as {plain(found.successor or '')}"
        lines.append((killed + found.back_after, back))
    for step in found.after.steps:
        ended = _offset(found, step["ended_at"])
        if ended is not None and ended > killed:
            tries = len(step["attempts"])
            more = f", {tries} attempts" if tries > 1 else ""
            lines.append((ended, f"{plain(step['name'])} {plain(step['status'])}{more}"))
    return lines


def to_json(found: Findings) -> dict[str, Any]:
    """Return what was found, for programs."""
    return {
        "instance_id": found.instance,
        "victim": found.killed.victim,
        "killed": found.killed.what,
        "how": found.killed.how,
        "at": found.step,
        "held": list(found.held),
        "killed_at": found.killed_at.isoformat(),
        "successor": found.successor,
        "back_after_seconds": found.back_after,
        "went_on_after_seconds": found.went_on_after,
        "ended_after_seconds": found.ended_after,
        "status": found.after.detail["status"],
        "outcome": found.after.outcome,
        "steps_before": [step["name"] for step in found.before.steps],
        "steps": [step["name"] for step in found.after.steps],
        "lost": found.lost,
        "effects": [
            {"receiver": e.receiver, "key": e.key, "times": e.times} for e in found.effects
        ],
        "done_twice": [effect.key for effect in found.doubled],
        "requests": found.requests,
    }


def _offset(found: Findings, time: str | None) -> float | None:
    """Return the seconds from the start to a timestamp."""
    if time is None:
        return None
    return (datetime.fromisoformat(time) - found.started_at).total_seconds()


def _line(offset: float | None, text: str) -> str:
    return f"  {max(offset or 0, 0):6.2f} s  {text}"


def _time(seconds: float | None) -> str:
    return "[red]never[/]" if seconds is None else f"{seconds:.1f} s"


def _requests(count: int) -> str:
    return "1 request" if count == 1 else f"{count} requests"
