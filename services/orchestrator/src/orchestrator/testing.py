"""Drives a workflow's generator as the engine would, without an engine."""

import json
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from pydantic import BaseModel

from orchestrator.durabletask import TaskFailedError


@dataclass
class Call:
    """An activity that the workflow called."""

    name: str
    input: Any
    retry_policy: Any


@dataclass
class FakeContext:
    """The part of a workflow context that workflows use."""

    instance_id: str
    current_utc_datetime: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    statuses: list[dict[str, str]] = field(default_factory=list)

    def call_activity(self, name: str, *, input: BaseModel, retry_policy: Any) -> Call:  # noqa: A002
        return Call(name, input, retry_policy)

    def set_custom_status(self, status: str) -> None:
        self.statuses.append(json.loads(status))


def failure(message: str) -> TaskFailedError:
    """Return what a workflow sees of an activity that failed for good."""
    details = SimpleNamespace(
        errorMessage=message, errorType="PeerUnavailable", stackTrace=SimpleNamespace(value="")
    )
    return TaskFailedError(message, details)  # type: ignore[arg-type]


Activities = dict[str, Callable[[Any], BaseModel | None]]


def run(workflow: Generator[Any, Any, Any], activities: Activities) -> tuple[Any, list[Call]]:
    """Run a workflow to its end, and return its result and the activities that it called.

    Args:
        workflow: The generator.
        activities: What stands in for each activity: gets its input, returns its result or raises.
    """
    calls: list[Call] = []
    try:
        call = next(workflow)
        while True:
            calls.append(call)
            try:
                result = activities[call.name](call.input)
            except TaskFailedError as error:
                call = workflow.throw(error)
            else:
                # The engine hands results over as plain JSON.
                plain = None if result is None else result.model_dump(mode="json")
                call = workflow.send(plain)
    except StopIteration as end:
        return end.value, calls
