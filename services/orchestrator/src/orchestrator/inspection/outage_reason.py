"""The reason of an instance that waits for a peer which is away. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from orchestrator.schemas.detail import HistoryStep, ReasonKind, WaitingReason
from orchestrator.schemas.workflows import Progress
from orchestrator.toolkit.outage_wait import OUTAGE, utc, waiting_for
from orchestrator.toolkit.peer_errors import is_outage, unreachable_peer


@dataclass(frozen=True, kw_only=True)
class PeerOutages:
    """What is known of peers that are away.

    Args:
        peers: The peer that each activity calls, by the activity's name.
        since: Since when each peer that is away has not answered, by its name.
    """

    peers: Mapping[str, str] = field(default_factory=dict)
    since: Mapping[str, datetime] = field(default_factory=dict)

    def of(self, activity: str) -> tuple[str, datetime] | None:
        """Return the peer that an activity calls and since when it is away, if it is."""
        peer = self.peers.get(activity)
        return (peer, self.since[peer]) if peer is not None and peer in self.since else None


def outage_reason(
    step: HistoryStep, outages: PeerOutages, progress: Mapping[str, Progress]
) -> WaitingReason | None:
    """Return that a step waits for a peer which is away; None where it does not.

    Args:
        step: An activity or child that the instance waits for.
        outages: What is known of peers that are away.
        progress: What the instance's children report, as far as known, by their ids.
    """
    if step.instance_id is not None:
        reported = progress.get(step.instance_id)
        return _of_child(step, reported) if step.name == OUTAGE and reported else None
    failed = [attempt for attempt in step.attempts if is_outage(attempt.error_type)]
    if failed:
        return _of_activity(step, unreachable_peer(failed[-1].error or ""), failed[0].started_at)
    away = outages.of(step.name)
    return _of_activity(step, *away) if away is not None else None


def _of_child(step: HistoryStep, progress: Progress) -> WaitingReason:
    details = progress.details
    text = progress.message[:1].lower() + progress.message[1:]
    return WaitingReason(
        kind=ReasonKind.OUTAGE,
        text=f"{text}, last error: {details['error']}",
        name=details["activity"],
        since=details["unreachable_since"],
        until=details["next_attempt_at"],
        attempt=details["attempts"] + 1,
        last_error=details["error"],
        instance_id=step.instance_id,
    )


def _of_activity(step: HistoryStep, peer: str, since: datetime) -> WaitingReason:
    number = len(step.attempts) + (step.until is not None)
    error = next((a.error for a in reversed(step.attempts) if a.error), None)
    if step.until is not None:
        text = waiting_for(peer, since, step.until, number)
    else:
        began = utc(step.attempts[-1].started_at)
        text = (
            f"waiting for the {peer}: unreachable since {utc(since)}, attempt {number} at {began}"
        )
    return WaitingReason(
        kind=ReasonKind.OUTAGE,
        text=f"{text}, last error: {error}" if error else text,
        name=step.name,
        since=since,
        until=step.until,
        attempt=number,
        last_error=error,
    )
