"""Dapr's scheduler as it wakes schedules: one job each, for the next run alone."""

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
# A job that fails comes again, for ever: what is due is to run, however late.
RETRY = ConstantFailurePolicy(max_retries=None, interval_seconds=5)

Fire = Callable[[str, datetime], Awaitable[None]]


class DaprJobs:
    """The jobs in Dapr's scheduler."""

    def __init__(self, client: DaprClient) -> None:
        """Use `client`, one to our sidecar."""
        self._client = client

    async def arm(self, schedule_id: str, due: datetime) -> None:
        """Have the schedule woken at that time; it replaces any earlier one."""
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
        """Have it woken no more."""
        try:
            await _answered(self._client.delete_job(f"{PREFIX}{schedule_id}"))
        except JobUnknown:
            log.debug("there was no job", schedule=schedule_id)


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
    """What the sidecar calls when a job is due."""

    def __init__(self) -> None:
        """Refuse jobs, so that they come again, until there is something to pass them on to."""
        self.fire: Fire | None = None

    async def OnJobEventAlpha1(  # noqa: N802 - Dapr's name
        self,
        request: appcallback_pb2.JobEventRequest,
        context: "grpc.aio.ServicerContext[Any, Any]",
    ) -> appcallback_pb2.JobEventResponse:
        """Fire the schedule of a job."""
        if self.fire is None:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the application is starting")
        value = StringValue()
        request.data.Unpack(value)
        try:
            await self.fire(request.name.removeprefix(PREFIX), datetime.fromisoformat(value.value))
        except (ProblemError, StoreUnavailable) as error:
            await context.abort(grpc.StatusCode.UNAVAILABLE, str(error))
        return appcallback_pb2.JobEventResponse()
