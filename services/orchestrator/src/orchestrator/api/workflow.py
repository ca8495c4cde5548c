"""The routes that a workflow gets from its definition: start, status, events."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Response, status
from pydantic import BaseModel

from contracts.orchestrator import EventAccepted, InstanceStatus, Started
from contracts.problems import ProblemType
from orchestrator.bootstrap import Orchestrator
from orchestrator.toolkit.definition import Definition, Event
from orchestrator.workflows.registrations import refusal_of
from servicekit.problems import ProblemError, problem_responses
from servicekit.startup import Startup

STARTED_AGAIN: dict[int | str, dict[str, Any]] = {
    status.HTTP_200_OK: {
        "model": Started,
        "description": "The same request started the instance before; nothing was started now",
    }
}
ANY_STATUS = "/instances/{instance_id}"
"""Where the status of every instance is, whatever it runs."""
InstanceId = Annotated[str, Path(max_length=200, description="What the start answered")]


def workflow_router(services: Startup[Orchestrator], definition: Definition) -> APIRouter:
    """Return the routes of a workflow."""
    router = APIRouter(tags=[definition.title])
    _add_start(router, services, definition)
    if definition.status_template != ANY_STATUS:
        _add_status(router, services, definition)
    for event in definition.events:
        _add_event(router, services, definition, event)
    return router


async def start(
    services: Startup[Orchestrator], definition: Definition, request: BaseModel, response: Response
) -> Started:
    """Start an instance, and say in the answer's headers where its status is.

    Raises:
        ProblemError: The settings refuse the request (422), or what `Engine.start` raises.
    """
    orchestrator = services.value()
    if (error := refusal_of(definition, request, orchestrator.settings)) is not None:
        detail = f"{error.field}: {error.message}"
        raise ProblemError(ProblemType.VALIDATION, detail, errors=[error])
    started = await orchestrator.engine.start(definition, request)
    if not started:
        response.status_code = status.HTTP_200_OK
    instance_id = definition.instance_id(request)
    response.headers["Location"] = definition.status_of(instance_id)
    return Started(instance_id=instance_id)


def _add_start(router: APIRouter, services: Startup[Orchestrator], definition: Definition) -> None:
    examples: dict[str, Any] = {
        name: {"summary": sample.summary, "value": sample.request}
        for name, sample in definition.samples.items()
    }
    model = definition.input

    @router.post(
        definition.path,
        summary=f"Start: {definition.title.lower()}",
        description=f"{definition.description}\n\nAnswers as soon as the request is kept; "
        "`Location` says where its status is. The same request again starts nothing, another one "
        "under the same id is refused.",
        operation_id=f"start_{definition.name}",
        status_code=status.HTTP_202_ACCEPTED,
        responses={**STARTED_AGAIN, **problem_responses(ProblemType.INSTANCE_EXISTS)},
    )
    async def start_workflow(
        request: Annotated[model, Body(openapi_examples=examples)],  # type: ignore[valid-type]
        response: Response,
    ) -> Started:
        return await start(services, definition, request, response)


def _add_status(router: APIRouter, services: Startup[Orchestrator], definition: Definition) -> None:
    @router.get(
        definition.status_template,
        summary="How far is it?",
        description="`status` is the state of the workflow instance, `custom_status` what it does "
        "or waits for, and `output` the result once it is COMPLETED.",
        operation_id=f"status_of_{definition.name}",
        response_model=InstanceStatus[definition.output],  # type: ignore[name-defined]
        responses=problem_responses(ProblemType.NOT_FOUND),
    )
    async def workflow_status(instance_id: InstanceId) -> InstanceStatus[Any]:
        return await services.value().engine.status(instance_id, definition)


def _add_event(
    router: APIRouter, services: Startup[Orchestrator], definition: Definition, event: Event
) -> None:
    model = event.payload
    samples = [
        e.payload for s in definition.samples.values() for e in s.events if e.event == event.name
    ]
    examples: dict[str, Any] = {f"{i + 1}": {"value": value} for i, value in enumerate(samples)}

    @router.post(
        f"{definition.path}/{{instance_id}}/{event.name}",
        summary=f"Send: {event.name}",
        description=event.description,
        operation_id=f"send_{event.name}_to_{definition.name}",
        responses=problem_responses(
            ProblemType.NOT_FOUND, ProblemType.NOT_WAITING, ProblemType.ALREADY_DECIDED
        ),
    )
    async def send_event(
        instance_id: InstanceId,
        payload: Annotated[model, Body(openapi_examples=examples)],  # type: ignore[valid-type]
    ) -> EventAccepted:
        orchestrator = services.value()
        # What is not of this workflow is not found here.
        await orchestrator.engine.state_of(instance_id, definition)
        try:
            await orchestrator.events.deliver(instance_id, event, payload)
        except ProblemError as error:
            if error.type is ProblemType.INSTANCE_FINISHED:
                # Here somebody decides, and was late; the address itself is not gone.
                raise ProblemError(ProblemType.NOT_WAITING, error.detail) from error
            raise
        return EventAccepted(instance_id=instance_id, event=event.name)
