"""Hello by its short addresses."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response, status

from contracts.fields import RequestId
from contracts.orchestrator import InstanceStatus, Started
from contracts.problems import ProblemType
from orchestrator.api.workflow import STARTED_AGAIN, InstanceId, start
from orchestrator.bootstrap import Orchestrator
from orchestrator.workflows.hello.workflow import DEFINITION, HelloRequest, HelloResult, Simulate
from servicekit.problems import problem_responses
from servicekit.startup import Startup


def router(services: Startup[Orchestrator]) -> APIRouter:
    """Return the routes that hello has besides those of every workflow."""
    router = APIRouter(tags=[DEFINITION.title])

    @router.post(
        "/start/{user_name}",
        summary="Start, by name alone",
        status_code=status.HTTP_202_ACCEPTED,
        responses={**STARTED_AGAIN, **problem_responses(ProblemType.INSTANCE_EXISTS)},
    )
    async def start_hello(
        user_name: Annotated[RequestId, Path(examples=["ada"])],
        response: Response,
        hello_id: Annotated[
            RequestId | None, Query(description="To repeat the request safely; else a new one")
        ] = None,
        simulate: Simulate | None = None,
    ) -> Started:
        request = HelloRequest(
            hello_id=hello_id or str(uuid.uuid4()), user_name=user_name, simulate=simulate
        )
        return await start(services, DEFINITION, request, response)

    @router.get(
        "/status/{instance_id}",
        summary="How far is it?",
        responses=problem_responses(ProblemType.NOT_FOUND),
    )
    async def hello_status(instance_id: InstanceId) -> InstanceStatus[HelloResult]:
        return await services.value().engine.status(instance_id, DEFINITION)

    return router
