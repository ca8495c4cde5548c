"""Jobs in Dapr's scheduler: one for each schedule, for its next run only.

A job is named for its schedule and the time of the run, and is never overwritten: a scheduler
before Dapr 1.18.5 ends where a job is overwritten as it triggers.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import grpc
import structlog
from dapr.aio.clients import DaprClient
from dapr.clients import ConstantFailurePolicy, Job
from dapr.clients.exceptions import DaprGrpcError
from dapr.proto.runtime.v1 import appcallback_pb2, appcallback_pb2_grpc
from dapr.proto.runtime.v1.dapr_pb2_grpc import DaprStub
from dapr.proto.runtime.v1.jobs_pb2 import ListJobsRequest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.wrappers_pb2 import StringValue
from grpc.aio import AioRpcError, Channel

from contracts.problems import ProblemType
from orchestrator.schemas.schedules import SHORTEST_INTERVAL_SECONDS
from servicekit.problems import ProblemError
from servicekit.state import StoreUnavailable

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

PREFIX = "schedule-"
# A job that fails is retried forever: what is due must run, however late.
RETRY = ConstantFailurePolicy(max_retries=None, interval_seconds=SHORTEST_INTERVAL_SECONDS)

Fire = Callable[[str, datetime], Awaitable[None]]
"""Starts the run of a schedule, by its id, that is due at a time."""


class ArmedJob(NamedTuple):
    """A job as the scheduler has it; its name is that of an earlier release at times."""

    name: str
    schedule_id: str
    due: datetime


class DaprJobs:
    """The jobs in Dapr's scheduler."""

    def __init__(self, client: DaprClient, channel: Channel, api_token: str | None = None) -> None:
        """Prepare to make calls.

        Args:
            client: A client of our sidecar.
            channel: A channel to it, for what the client does not do: it lists no jobs.
            api_token: The token that the sidecar requires, if any.
        """
        self._client = client
        self._stub = DaprStub(channel)  # type: ignore[no-untyped-call]
        self._metadata = (("dapr-api-token", api_token),) if api_token else ()

    async def arm(self, schedule_id: str, due: datetime) -> None:
        """Create the job of a run, unless there is one.

        Args:
            schedule_id: The schedule.
            due: When the job triggers, in UTC; at once where that has passed.

        Raises:
            ProblemError: The scheduler does not answer (503).
        """
        data = AnyMessage()
        data.Pack(StringValue(value=due.isoformat()))
        job = Job(
            name=job_name(schedule_id, due),
            due_time=due.isoformat(),
            data=data,
            failure_policy=RETRY,
        )
        await _answered(
            self._client.schedule_job(job, overwrite=False), grpc.StatusCode.ALREADY_EXISTS
        )

    async def disarm(self, name: str) -> None:
        """Delete a job, if there is one.

        Args:
            name: Its name. It must not be about to trigger.

        Raises:
            ProblemError: The scheduler does not answer (503).
        """
        await _answered(self._client.delete_job(name), grpc.StatusCode.NOT_FOUND)

    async def armed(self) -> list[ArmedJob]:
        """Return the jobs of all schedules.

        Raises:
            ProblemError: The scheduler does not answer (503).
        """
        try:
            answer = await self._stub.ListJobs(ListJobsRequest(), metadata=self._metadata)
        except AioRpcError as error:
            raise _no_answer(error) from error
        return [
            ArmedJob(job.name, _schedule_id(job.name), due)
            for job in answer.jobs
            if job.name.startswith(PREFIX) and (due := _due(job.data)) is not None
        ]


def job_name(schedule_id: str, due: datetime) -> str:
    """Return the name of the job for a run of a schedule."""
    return f"{PREFIX}{schedule_id}.{due:%Y%m%dT%H%M%SZ}"


def _schedule_id(name: str) -> str:
    # No schedule's id has a dot, and neither has the name of a job of an earlier release.
    return name.removeprefix(PREFIX).partition(".")[0]


def _due(data: AnyMessage) -> datetime | None:
    """Return the time in the data of a job; None where the job is none of ours."""
    value = StringValue()
    if not data.Unpack(value):
        return None
    try:
        due = datetime.fromisoformat(value.value)
    except ValueError:
        return None
    return due if due.tzinfo else None


async def _answered(call: Awaitable[object], nothing_to_do: grpc.StatusCode) -> None:
    try:
        await call
    except DaprGrpcError as error:
        if error.code() is not nothing_to_do:  # type: ignore[no-untyped-call]
            raise _no_answer(error) from error
        log.debug("job left as it is", status=nothing_to_do.name)


def _no_answer(error: Exception) -> ProblemError:
    return ProblemError(
        ProblemType.UNAVAILABLE, f"The scheduler does not answer: {error}", retry_after=1
    )


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
        if (due := _due(request.data)) is None:
            # Refused, it would come again forever.
            log.warning("job of an unknown kind ignored", job=request.name)
            return appcallback_pb2.JobEventResponse()
        try:
            await self.fire(_schedule_id(request.name), due)
        except (ProblemError, StoreUnavailable) as error:
            await context.abort(grpc.StatusCode.UNAVAILABLE, str(error))
        return appcallback_pb2.JobEventResponse()
