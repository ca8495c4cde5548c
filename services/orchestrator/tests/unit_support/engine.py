"""The engine's gRPC API without an engine: answers by the method's name, and keeps requests."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from google.protobuf.json_format import ParseDict
from pydantic import BaseModel

from orchestrator.dapr_sdk.management import Management
from orchestrator.dapr_sdk.private import protos
from orchestrator.dapr_sdk.state import InstanceState
from orchestrator.schemas.workflows import Progress

CREATED = "2026-01-01T00:00:00Z"


def raw_state(
    *,
    instance_id: str = "task-1",
    name: str = "task_processing_workflow",
    status: str = "RUNNING",
    request: BaseModel | None = None,
    progress: Progress | None = None,
    **fields: Any,
) -> Any:
    """Return a state in the engine's form."""
    given = {
        "instanceId": instance_id,
        "name": name,
        "workflowStatus": f"ORCHESTRATION_STATUS_{status}",
        "createdTimestamp": CREATED,
        "lastUpdatedTimestamp": CREATED,
        "input": request and request.model_dump_json(),
        "customStatus": progress and progress.model_dump_json(),
    }
    return ParseDict(given | fields, protos.WorkflowState())


def instance_state(**fields: Any) -> InstanceState:
    """Return a state as the client reads it."""
    return InstanceState.from_proto(raw_state(**fields))


class FakeChannel:
    """A connection to a sidecar that answers calls from lists; an exception in one is raised.

    The last answer of a list is given again and again.
    """

    def __init__(self, **answers: list[Any]) -> None:
        """Answer each method by its name, such as `GetInstance`."""
        self.answers = answers
        self.requests: dict[str, list[Any]] = defaultdict(list)

    def unary_unary(self, path: str, **_: object) -> Callable[..., Any]:
        """Return what makes the calls of one method."""
        method = path.rpartition("/")[2]

        async def call(request: Any, metadata: object) -> Any:
            self.requests[method].append(request)
            answers = self.answers[method]
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call

    unary_stream = stream_unary = stream_stream = unary_unary


class FakeClient:
    """The SDK's client, as far as it raises events; keeps those that are raised."""

    def __init__(self) -> None:
        """Create it without events."""
        self.raised: list[tuple[str, str, Any]] = []

    async def raise_workflow_event(self, instance_id: str, event: str, *, data: Any) -> None:
        """Keep an event."""
        self.raised.append((instance_id, event, data))


def found(raw: Any | None) -> Any:
    """Return the answer to a read of an instance; None where there is none."""
    if raw is None:
        return protos.GetInstanceResponse(exists=False)
    return protos.GetInstanceResponse(exists=True, workflowState=raw)


def management(channel: FakeChannel) -> Management:
    """Return the client that makes its calls over a fake connection."""
    return Management(channel)  # type: ignore[arg-type]
