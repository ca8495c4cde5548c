"""Jobs in Dapr's scheduler: one for each schedule, for its next run only."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import grpc
import structlog
from dapr.aio.clients import DaprClient
from dapr.clients import ConstantFailurePolicy, Job
from dapr.clients.exceptions import DaprGrpcError
from dapr.proto.runtime.v1 import appcallback_pb2, appcallback_pb2_grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.wrappers_pb2 import StringValue

from contracts.problems import ProblemType
from servicekit.problems import ProblemError
from servicekit.state import StoreUnavailable

log = structlog.get_logger(__name__)

PREFIX = "schedule-"
# A job that fails is retried forever: what is due must run, however late.
RETRY = ConstantFailurePolicy(max_retries=None, interval_seconds=5)

Fire = Callable[[str, datetime], Awaitable[None]]
"""Starts the run of a schedule, by its id, that is due at a time."""


class DaprJobs:
    """The jobs in Dapr's scheduler."""

    def __init__(self, client: DaprClient) -> None:
        """Schedule jobs by `client`, a client of our sidecar."""
        self._client = client

    async def arm(self, schedule_id: str, due: datetime) -> None:
        """Create the job of a schedule, or move it.

        Args:
            schedule_id: The schedule.
            due: When the job triggers, in UTC.

        Raises:
            ProblemError: The scheduler does not answer (503).
        """
        data = AnyMessage()
        data.Pack(StringValue(value=due.isoformat()))
        job = Job(
            name=f"{PREFIX}{schedule_id}",
            due_time=due.isoformat(),
            data=data,
            failure_policy=RETRY,
        )
        await _answered(self._client.schedule_job(job, overwrite=True))

    async def disarm(self, schedule_id: str) -> None:
        """Delete the job of a schedule, if there is one.

        Raises:
            ProblemError: The scheduler does not answer (503).
        """
        try:
            await _answered(self._client.delete_job(f"{PREFIX}{schedule_id}"))
        except JobUnknown:
            log.debug("no job to delete", schedule=schedule_id)


class JobUnknown(Exception):
    """The scheduler has no such job."""


async def _answered(call: Awaitable[object]) -> None:
    try:
        await call
    except DaprGrpcError as error:
        if error.code() is grpc.StatusCode.NOT_FOUND:  # type: ignore[no-untyped-call]
            raise JobUnknown(str(error)) from error
        raise ProblemError(
            ProblemType.UNAVAILABLE, f"The scheduler does not answer: {error}", retry_after=1
        ) from error


class JobEvents(appcallback_pb2_grpc.AppCallbackAlphaServicer):
    """Receives the jobs that are due."""

    def __init__(self) -> None:
        """Refuse jobs until `fire` is set, so that they are retried."""
        self.fire: Fire | None = None

    async def OnJobEventAlpha1(  # noqa: N802 - Dapr's name
        self,
        request: appcallback_pb2.JobEventRequest,
        context: "grpc.aio.ServicerContext[Any, Any]",
    ) -> appcallback_pb2.JobEventResponse:
        """Start the run that a job is for."""
        if self.fire is None:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the application is starting")
        value = StringValue()
        request.data.Unpack(value)
        try:
            await self.fire(request.name.removeprefix(PREFIX), datetime.fromisoformat(value.value))
        except (ProblemError, StoreUnavailable) as error:
            await context.abort(grpc.StatusCode.UNAVAILABLE, str(error))
        return appcallback_pb2.JobEventResponse()
