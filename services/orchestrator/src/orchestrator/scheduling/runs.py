"""What one run of a schedule starts. No I/O."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ValidationError

from contracts.problems import ProblemType
from orchestrator.schemas.schedules import Schedule, ScheduleRequest
from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.toolkit.definition import Definition
from servicekit.problems import ProblemError, invalid


@dataclass(frozen=True)
class Run:
    """A run of a schedule.

    Args:
        definition: The workflow that it starts.
        request: The request of the start.
        instance_id: The id of the instance: of the schedule and the time, so that nothing is
            started twice; with `:`, so that it is no id that a caller can name.
    """

    definition: Definition
    request: BaseModel
    instance_id: str


def run_of(catalogue: Catalogue, schedule: Schedule, due: datetime) -> Run:
    """Return the run of a schedule that is due at a time.

    Args:
        catalogue: The hosted workflows.
        schedule: The schedule.
        due: When the run is due, in UTC.

    Raises:
        ProblemError: There is no such workflow, or the request is not valid (422).
    """
    definition = _definition(catalogue, schedule.workflow)
    name = f"{schedule.id}.{due:%Y%m%dT%H%M%SZ}"
    request = _validated(definition, {**schedule.request, definition.id_field: name})
    instance_id = f"{definition.name}-{schedule.id}.{due:%Y-%m-%dT%H:%M:%SZ}"
    return Run(definition, request, instance_id)


def check_request(catalogue: Catalogue, request: ScheduleRequest) -> None:
    """Check what a schedule is to start, also the id in it, which each run replaces.

    Args:
        catalogue: The hosted workflows.
        request: The schedule.

    Raises:
        ProblemError: There is no such workflow, or the request is not valid (422).
    """
    definition = _definition(catalogue, request.workflow)
    _validated(definition, {definition.id_field: "placeholder", **request.request})


def _definition(catalogue: Catalogue, workflow: str) -> Definition:
    definition = catalogue.named(workflow)
    if definition is None:
        known = ", ".join(d.name for d in catalogue.definitions)
        raise ProblemError(
            ProblemType.VALIDATION, f"body.workflow: there is no {workflow!r}; there are: {known}"
        )
    return definition


def _validated(definition: Definition, request: dict[str, object]) -> BaseModel:
    try:
        return definition.input.model_validate(request)
    except ValidationError as error:
        raise invalid(error, "body", "request") from error
