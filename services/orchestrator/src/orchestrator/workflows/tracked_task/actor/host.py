"""Hosts the actors over a stream that the application opens to its sidecar.

So no route of the application is called, and none has to be guarded from the public. The stream
is new in Dapr 1.18 ("alpha"); the older way, HTTP, needs routes beside the public API.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import grpc
import structlog
from dapr.actor import ActorId, ActorRuntime
from dapr.actor.runtime.config import ActorRuntimeConfig
from dapr.actor.runtime.context import ActorRuntimeContext
from dapr.actor.runtime.grpc_host import ActorGrpcHost
from dapr.clients.grpc._channel import create_aio_channel

from orchestrator.settings import Settings
from orchestrator.toolkit.peers.notifier import NotifierClient
from orchestrator.toolkit.workflow_settings import SettingsRegistry
from orchestrator.workflows.tracked_task.actor.task_actor import TaskActor
from orchestrator.workflows.tracked_task.settings import TrackedTaskSettings
from servicekit.background import Supervisor
from servicekit.deadlines import Deadlines
from servicekit.sidecar import sidecar_client

log = structlog.get_logger(__name__)

# An idle actor costs memory here and in the sidecar, and any request for a task activates one; to
# activate it again costs one read.
IDLE = timedelta(minutes=5)
PAUSE_SECONDS = 1.0


class BoundedHost(ActorGrpcHost):
    """A host whose calls have deadlines, and whose stream carries the API token.

    The SDK 1.19.0 gives the token to unary calls alone, and a deadline to none.
    """

    def __init__(self, settings: Settings) -> None:
        """Prepare to connect to our sidecar by `settings`."""
        address = f"127.0.0.1:{settings.dapr_grpc_port}"
        # The application's own listener is there already: see scheduling/callback_server.
        super().__init__(address, app_port=0)
        interceptors: list[grpc.aio.ClientInterceptor] = [Deadlines(settings.call_limits)]
        if settings.dapr_api_token is not None:
            interceptors.append(_StreamToken(settings.dapr_api_token))
        self._channel = create_aio_channel(address, interceptors=interceptors)


class _StreamToken(grpc.aio.StreamStreamClientInterceptor):
    """Adds the API token to streams."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def intercept_stream_stream(self, continuation, client_call_details, request_iterator):  # type: ignore[no-untyped-def]
        metadata = (*(client_call_details.metadata or ()), ("dapr-api-token", self._token))
        return await continuation(client_call_details._replace(metadata=metadata), request_iterator)


@asynccontextmanager
async def hosting_actors(
    settings: Settings, workflow_settings: SettingsRegistry, supervisor: Supervisor
) -> AsyncIterator[None]:
    """Host the actors as long as the context lasts; the sidecar may come and go.

    Args:
        settings: Where the sidecar is, and by which channel people are notified.
        workflow_settings: How the actors behave.
        supervisor: Restarts the host where it fails.
    """
    own = workflow_settings.of(TrackedTaskSettings)
    # For the actors alone: reads of a task wait while a reminder is delivered.
    async with sidecar_client(settings, own.reminder_timeout_seconds) as http:
        notifier = NotifierClient(http)
        async with supervisor.running("actor-host", lambda: _host(settings, own, notifier)):
            yield


async def _host(settings: Settings, own: TrackedTaskSettings, notifier: NotifierClient) -> None:
    def task_actor(context: ActorRuntimeContext, actor_id: ActorId) -> TaskActor:
        return TaskActor(
            context,
            actor_id,
            notifier,
            settings.notification_channel,
            retry=timedelta(seconds=own.reminder_retry_seconds),
            keep=timedelta(days=own.ended_task_days),
        )

    ActorRuntime.set_actor_config(ActorRuntimeConfig(actor_idle_timeout=IDLE))
    while True:
        host = BoundedHost(settings)
        try:
            await host.register_actor(TaskActor, actor_factory=task_actor)
            # It connects again by itself, but gives up where the sidecar stays away for a minute.
            await host.run_forever()
        except (grpc.aio.AioRpcError, TimeoutError, RuntimeError) as error:
            log.warning("the sidecar accepts no actors", error=str(error) or type(error).__name__)
        await asyncio.sleep(PAUSE_SECONDS)
