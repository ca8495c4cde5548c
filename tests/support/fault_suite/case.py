"""What a case of the load asks for, and what must come out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Choice:
    """An event that a person sends, and how the instance ends where it counts.

    Args:
        event: The event.
        payload: Its payload.
        outcome: The `status` of the output then; None where the event does not decide that.
    """

    event: str
    payload: Mapping[str, Any]
    outcome: str | None = None


@dataclass(frozen=True)
class Decision:
    """Events that are sent at once when the first of them is waited for: one counts.

    Args:
        choices: The events; a single one must be accepted.
        after_seconds: How long the wait is left open first.
    """

    choices: tuple[Choice, ...]
    after_seconds: float = 0.0


@dataclass(frozen=True)
class Read:
    """What the orchestrator's API must show after the end.

    Args:
        path: What is read; `{}` stands for the instance's id.
        right: Whether the answer's status and JSON are right; the last argument is whether the
            instance reached its aim, and not one of the outcomes in which all is undone.
        what: What is checked, for the report.
    """

    path: str
    right: Callable[[int, Any, bool], bool]
    what: str


@dataclass(frozen=True)
class Effects:
    """What an instance has done to the world, by the last part of each idempotency key.

    Args:
        assignments: The status of each assignment.
        notifications: The notifications.
        charged: What the customer has paid in the end, in the smallest unit.
        pencils: How many pencils have left the stock.
    """

    assignments: Mapping[str, str] = field(default_factory=dict)
    notifications: tuple[str, ...] = ()
    charged: int = 0
    pencils: int = 0


@dataclass(frozen=True)
class Case:
    """An instance of the load.

    Args:
        kind: Its workflow and variant, as `order: compensated`.
        path: Where it is started.
        request: What is sent there.
        outcome: The `status` of its output, unless a decision says so.
        effects: What it must have done then.
        undone: The outcomes that a fault may bring about instead, as where a store refuses each
            of a step's three attempts: nothing is assigned, paid or shipped then.
        unrecallable: The notifications that may have been sent before that, and of it.
        decisions: What people send, in this order.
        reads: What its own records must show.
        customer: Whose wallet pays.
        early: Whether the events are sent from the start on, the last one first, and each again
            until it is waited for: before their wait, and out of order.
        paused: Whether it is paused while its events are sent, and resumed after that.
    """

    kind: str
    path: str
    request: Mapping[str, Any]
    outcome: str
    effects: Effects = Effects()
    undone: frozenset[str] = frozenset()
    unrecallable: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    reads: tuple[Read, ...] = ()
    customer: str | None = None
    early: bool = False
    paused: bool = False


def outcome_of(output: Any) -> str | None:
    """Return how an instance ended, by its output."""
    if not isinstance(output, dict):
        return None
    if "compensated" in output:
        return "compensated" if output["compensated"] else "completed"
    found: str | None = output.get("status")
    return found
