"""Replays a recorded history against today's code, turn by turn.

An instance that waits for days is replayed by whatever code runs then. This finds code that would
decide otherwise than its history, before the engine does.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict

from orchestrator.dapr_sdk.private import protos
from orchestrator.engine.replay_executor import executor, registry_of
from orchestrator.toolkit.definition import Definition

# What the engine writes down of a turn's decisions; everything else came to the workflow.
DECISIONS = {
    "taskScheduled": "scheduleTask",
    "timerCreated": "createTimer",
    "childWorkflowInstanceCreated": "createChildWorkflow",
    "executionCompleted": "completeWorkflow",
}
# Of no concern to a workflow.
IGNORED = {"executionStalled"}


class DecidesOtherwise(AssertionError):
    """The code does not do what its history says."""


def replay(definitions: Iterable[Definition], instance_id: str, history: Sequence[Any]) -> None:
    """Replay a history.

    Args:
        definitions: The workflows of today's code.
        instance_id: The instance whose history it is.
        history: Its events, in order.

    Raises:
        DecidesOtherwise: The code decides otherwise in some turn; the message says how.
    """
    registry = registry_of(definitions)
    for number, (past, came, decided) in enumerate(_turns(history), 1):
        result = executor(registry).execute(instance_id, past, came)
        expected = [_recorded(event) for event in decided]
        actual = sorted((_decision(action) for action in result.actions), key=_position)
        if actual != sorted(expected, key=_position):
            raise DecidesOtherwise(
                f"turn {number} of {instance_id}: the history says {_told(expected)}, "
                f"the code decides {_told(actual)}"
            )


def save(path: Path, instance_id: str, history: Sequence[Any]) -> None:
    """Write a history to a file, for `load`."""
    events = [_without_places(MessageToDict(event)) for event in history]
    document = {"instance_id": instance_id, "events": events}
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _without_places(part: Any) -> Any:
    """Leave out stack traces, which name files of the machine that they come from."""
    if isinstance(part, dict):
        return {k: _without_places(v) for k, v in part.items() if k != "stackTrace"}
    return [_without_places(item) for item in part] if isinstance(part, list) else part


def load(path: Path) -> tuple[str, list[Any]]:
    """Return the instance's id and the history of a file that `save` wrote."""
    document = json.loads(path.read_text(encoding="utf-8"))
    events = [ParseDict(event, protos.HistoryEvent()) for event in document["events"]]
    return document["instance_id"], events


def _turns(history: Sequence[Any]) -> Iterable[tuple[list[Any], list[Any], list[Any]]]:
    """Yield, for each turn, what was before, what came, and what was decided."""
    events = [event for event in history if event.WhichOneof("eventType") not in IGNORED]
    begins = [i for i, event in enumerate(events) if event.HasField("workflowStarted")]
    for begin, end in zip(begins, [*begins[1:], len(events)], strict=True):
        turn = events[begin:end]
        came = [e for e in turn if e.WhichOneof("eventType") not in DECISIONS]
        decided = [e for e in turn if e.WhichOneof("eventType") in DECISIONS]
        yield events[:begin], came, decided


Decision = tuple[int, str, dict[str, Any]]


def _recorded(event: Any) -> Decision:
    kind = event.WhichOneof("eventType")
    return event.eventId, DECISIONS[kind], _essence(getattr(event, kind))


def _decision(action: Any) -> Decision:
    kind = action.WhichOneof("workflowActionType")
    return action.id, kind, _essence(getattr(action, kind))


def _essence(message: Any) -> dict[str, Any]:
    """Return what a decision says about the outside: no ids that the SDK draws by itself."""
    names = {field.name for field in message.DESCRIPTOR.fields}
    essence: dict[str, Any] = {}
    # Not the id of a child: the engine takes one that is in a history for what the code calls at
    # that place if it has its name, and asks for no other.
    if "name" in names and message.name:
        essence["name"] = message.name
    for data in ("input", "result"):
        if data in names and message.HasField(data):
            essence[data] = json.loads(getattr(message, data).value or "null")
    if "fireAt" in names:
        essence["fire_at"] = message.fireAt.ToJsonString()
    if "workflowStatus" in names:
        essence["status"] = protos.OrchestrationStatus.Name(message.workflowStatus)
    if "failureDetails" in names and message.HasField("failureDetails"):
        essence["error"] = message.failureDetails.errorType
        # Where the code has no place for what the history says, the SDK says so here.
        essence["message"] = message.failureDetails.errorMessage
    return essence


def _position(decision: Decision) -> tuple[int, str]:
    return decision[0], decision[1]


def _told(decisions: Sequence[Decision]) -> str:
    return "; ".join(f"{kind} {json.dumps(what)}" for _, kind, what in decisions) or "nothing"
