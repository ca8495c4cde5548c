"""The routes that every workflow gets from its definition: start, status, events."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Request, Response, status
from pydantic import BaseModel

from contracts.problems import ProblemType
from orchestrator.api.deps import (
    CatalogueDep,
    EngineDep,
    InboxDep,
    RateLimitsDep,
    WorkflowSettingsDep,
)
from orchestrator.api.params import InstanceId, WaitId
from orchestrator.api.rate_limits import RateLimits
from orchestrator.engine.client import Engine
from orchestrator.schemas.workflows import EventAccepted, InstanceStatus, Started
from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.toolkit.definition import Definition, Event
from orchestrator.toolkit.workflow_settings import SettingsRegistry
from servicekit.problems import ProblemError, problem_responses

START_RESPONSES: dict[int | str, dict[str, Any]] = {
    status.HTTP_200_OK: {
        "model": Started,
        "description": "The same request started the instance before; nothing was started",
    },
    **problem_responses(
        ProblemType.INSTANCE_EXISTS, ProblemType.INSTANCE_GONE, ProblemType.TOO_MANY_REQUESTS
    ),
}
"""What a start answers besides 202."""

ANY_STATUS = "/instances/{instance_id}"
"""The path of the status of any instance, whichever workflow it runs."""


class Starter:
    """Starts an instance, and sets the status code and `Location` of the answer."""

    def __init__(
        self,
        engine: Engine,
        catalogue: Catalogue,
        settings: SettingsRegistry,
        rate_limits: RateLimits,
        http_request: Request,
        response: Response,
    ) -> None:
        """Prepare to start.

        Args:
            engine: Starts it.
            catalogue: Checks the request against the settings.
            settings: The settings of the workflows.
            rate_limits: How often a caller may start.
            http_request: The request; its sender is who starts.
            response: The answer to the request.
        """
        self._engine = engine
        self._catalogue = catalogue
        self._settings = settings
        self._rate_limits = rate_limits
        self._http_request = http_request
        self._response = response

    async def start(self, definition: Definition, request: BaseModel) -> Started:
        """Start an instance of a workflow, unless the same request started it before.

        Raises:
            ProblemError: The settings refuse the request (422), the caller starts too often (429),
                or what `Engine.start` raises.
        """
        error = self._catalogue.check_request(definition, request, self._settings)
        if error is not None:
            detail = f"{error.field}: {error.message}"
            raise ProblemError(ProblemType.VALIDATION, detail, errors=[error])
        await self._rate_limits.count_start(self._http_request)
        if not await self._engine.start(definition, request):
            self._response.status_code = status.HTTP_200_OK
        instance_id = definition.instance_id(request)
        self._response.headers["Location"] = definition.status_of(instance_id)
        return Started(instance_id=instance_id)


async def _starter(
    engine: EngineDep,
    catalogue: CatalogueDep,
    settings: WorkflowSettingsDep,
    rate_limits: RateLimitsDep,
    request: Request,
    response: Response,
) -> Starter:
    return Starter(engine, catalogue, settings, rate_limits, request, response)


StarterDep = Annotated[Starter, Depends(_starter)]


def start_router(definition: Definition) -> APIRouter:
    """Return the route that starts a workflow."""
    router = APIRouter(tags=[definition.title])
    examples: dict[str, Any] = {
        name: {"summary": sample.summary, "value": sample.request}
        for name, sample in definition.samples.items()
    }
    model = definition.input

    @router.post(
        definition.path,
        summary=f"Start {definition.title.lower()}",
        description=f"{definition.description}\n\nAnswers as soon as the request is stored; "
        "`Location` is the path of its status. Repeating the request starts nothing more; another "
        "request under the same id is refused (409).",
        operation_id=f"start_{definition.name}",
        status_code=status.HTTP_202_ACCEPTED,
        responses=START_RESPONSES,
    )
    async def start_workflow(
        request: Annotated[model, Body(openapi_examples=examples)],  # type: ignore[valid-type]
        starter: StarterDep,
    ) -> Started:
        return await starter.start(definition, request)

    return router


def instance_router(definition: Definition) -> APIRouter:
    """Return the routes of a workflow's instances: status and events."""
    router = APIRouter(tags=[definition.title])
    if definition.status_template != ANY_STATUS:
        _add_status(router, definition)
    for event in definition.events:
        _add_event(router, definition, event)
    return router


def _add_status(router: APIRouter, definition: Definition) -> None:
    @router.get(
        definition.status_template,
        summary="Show the status",
        description="`status` is the status of the instance, `custom_status` its progress, "
        "and `output` its result once it is COMPLETED.",
        operation_id=f"status_of_{definition.name}",
        response_model=InstanceStatus[definition.output],  # type: ignore[name-defined]
        responses=problem_responses(ProblemType.NOT_FOUND),
    )
    async def workflow_status(instance_id: InstanceId, engine: EngineDep) -> InstanceStatus[Any]:
        return await engine.status(instance_id, definition)


def _add_event(router: APIRouter, definition: Definition, event: Event) -> None:
    model = event.payload
    samples = [
        e.payload for s in definition.samples.values() for e in s.events if e.event == event.name
    ]
    examples: dict[str, Any] = {f"{i + 1}": {"value": value} for i, value in enumerate(samples)}

    @router.post(
        f"{definition.path}/{{instance_id}}/{event.name}",
        summary=f"Send {event.name}",
        description=event.description,
        operation_id=f"send_{event.name}_to_{definition.name}",
        responses=problem_responses(
            ProblemType.NOT_FOUND,
            ProblemType.NOT_WAITING,
            ProblemType.CLAIMED,
            ProblemType.ALREADY_DECIDED,
        ),
    )
    async def send_event(
        instance_id: InstanceId,
        payload: Annotated[model, Body(openapi_examples=examples)],  # type: ignore[valid-type]
        engine: EngineDep,
        inbox: InboxDep,
        wait_id: WaitId = None,
    ) -> EventAccepted:
        state = await engine.state_of(instance_id, definition)
        try:
            return await inbox.send(state, event, payload, wait_id=wait_id)
        except ProblemError as error:
            if error.type is ProblemType.INSTANCE_FINISHED:
                # A decision that comes late is a conflict (409): the resource is not gone (410).
                raise ProblemError(ProblemType.NOT_WAITING, error.detail) from error
            raise
