"""Hello by its short addresses."""

import uuid
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, status

from contracts.fields import RequestId
from contracts.problems import ProblemType
from orchestrator.api.deps import EngineDep
from orchestrator.api.params import InstanceId
from orchestrator.api.workflow import START_RESPONSES, StarterDep
from orchestrator.schemas.workflows import InstanceStatus, Started
from orchestrator.workflows.hello.models import HelloFault, HelloRequest, HelloResult
from orchestrator.workflows.hello.workflow import DEFINITION
from servicekit.problems import problem_responses

router = APIRouter(tags=[DEFINITION.title])


@router.post(
    "/start/{user_name}",
    summary="Start hello by name",
    status_code=status.HTTP_202_ACCEPTED,
    responses=START_RESPONSES,
)
async def start_hello(
    user_name: Annotated[RequestId, Path(examples=["ada"])],
    starter: StarterDep,
    hello_id: Annotated[
        RequestId | None, Query(description="To repeat the request safely; else a new one")
    ] = None,
    simulate: HelloFault | None = None,
    idempotency_key: Annotated[
        # With the quotes that it may be in.
        str | None, Header(max_length=202, description="To repeat the request safely without an id")
    ] = None,
) -> Started:
    """Start a greeting; each request starts another, unless it carries an id or a key."""
    # Of the key, so that the request is safe to repeat even if its first answer was not kept.
    new_id = uuid.uuid5(uuid.NAMESPACE_URL, idempotency_key) if idempotency_key else uuid.uuid4()
    request = HelloRequest(hello_id=hello_id or str(new_id), user_name=user_name, simulate=simulate)
    return await starter.start(DEFINITION, request)


@router.get(
    "/status/{instance_id}",
    summary="Show the status",
    responses=problem_responses(ProblemType.NOT_FOUND),
)
async def hello_status(instance_id: InstanceId, engine: EngineDep) -> InstanceStatus[HelloResult]:
    """Return how far a greeting is."""
    return await engine.status(instance_id, DEFINITION)
