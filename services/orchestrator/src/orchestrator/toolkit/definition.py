"""The definition of a workflow: all that the API and the worker need to host it."""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.schemas.workflows import EventInfo, Sample, WorkflowInfo
from orchestrator.toolkit.outcomes import declared_outcomes

Workflow = Callable[..., Generator[Any, Any, Any]]


class Request(BaseModel):
    """The input of a workflow; an unknown field is refused."""

    model_config = ConfigDict(extra="forbid")


class EternalInput(BaseModel):
    """What the input of an eternal workflow has besides its request."""

    started_in: str | None = Field(
        default=None, description="The request that started it, as a `traceparent`: to link to it"
    )


@dataclass(frozen=True, kw_only=True)
class Event:
    """An external event that a workflow waits for.

    Args:
        name: Its name, which is part of an address: `approval`.
        payload: The model of its payload, with at least one field, for Dapr drops empty payloads.
        description: What it means, as Markdown.
        key_field: The field of the payload that distinguishes several events of one wait, such as
            the kind of a document; by default a wait accepts one event.
        person_field: The field of the payload that names who sends it, where one does: who has
            claimed the wait is compared with it.
    """

    name: str
    payload: type[BaseModel]
    description: str
    key_field: str | None = None
    person_field: str | None = None

    @cached_property
    def payload_schema(self) -> dict[str, Any]:
        """The JSON Schema of its payload, which takes longer to make than to send."""
        return self.payload.model_json_schema()

    def person_of(self, payload: BaseModel) -> str | None:
        """Return who sends a payload, where it says so."""
        return None if self.person_field is None else getattr(payload, self.person_field)

    def key_for(self, wait_id: str, payload: BaseModel) -> str:
        """Return the event key of a payload: under each, only the first is accepted."""
        if self.key_field is None:
            return wait_id
        return f"{wait_id}:{getattr(payload, self.key_field)}"


@dataclass(frozen=True, kw_only=True)
class Definition:
    """A workflow of the catalogue.

    Args:
        name: Its short name, also the prefix of its instances' ids: `order`.
        workflow_name: Dapr's name for it, which must never change.
        workflow: The generator that new instances run.
        input: The model of the request.
        output: The model of the result. The values of its `status`, an enum, are the outcomes:
            `failed` or `compensated` where a step failed permanently, which an alert counts.
        id_field: The field of the request that names the instance.
        title: The heading of its section in Swagger UI.
        description: What it does, as Markdown.
        path: Where it is in the API: `POST` here starts an instance.
        status_path: Where an instance's status is; below `path` by default.
        samples: Requests that run as they stand, by name; the first is the one to show.
        events: The external events that it waits for.
        children: The child workflows that it calls, by Dapr's name.
        compensations: Its activities that compensate a step.
        peer_calls: The app id of the peer that each of its own activities calls, by the activity's
            name, where one does; the shared steps' are known.
        eternal_input: The model of an eternal workflow's input, which repeats by
            continue_as_new: each activity is a trace of its own, for one of all would never end.
            Goes when the minimum is Dapr 1.18.3, whose engine begins a trace a generation.
        version: The version of `workflow`, where instances of older code may be running.
        previous_versions: The older code, by version, kept until none of its instances runs; under
            `UNVERSIONED` that of the instances which began before there was any version.
        search_fields: Where in the request a list of instances looks for free text; a path such
            as `customer.email` goes into what is nested, and into each item of a list. What may be
            long comes last, for a long text is truncated.
    """

    name: str
    workflow_name: str
    workflow: Workflow
    input: type[BaseModel]
    output: type[BaseModel]
    id_field: str
    title: str
    description: str
    path: str
    status_path: str = ""
    samples: Mapping[str, Sample]
    events: tuple[Event, ...] = ()
    children: Mapping[str, Workflow] = field(default_factory=dict)
    compensations: tuple[str, ...] = ()
    peer_calls: Mapping[str, str] = field(default_factory=dict)
    eternal_input: type[EternalInput] | None = None
    version: str | None = None
    previous_versions: Mapping[str, Workflow] = field(default_factory=dict)
    search_fields: tuple[str, ...] = ()

    def instance_id(self, request: BaseModel) -> str:
        """Return the id of the instance that a request starts."""
        return f"{self.name}-{getattr(request, self.id_field)}"

    def parse_input(self, serialized: str | None) -> BaseModel:
        """Return the request in the input of an instance, which is JSON.

        What was kept before a field was added has its default; what a workflow carries over
        continue_as_new besides its request is left out.

        Raises:
            ValidationError: It was written when the model was a different one.
        """
        return self.input.model_validate_json(serialized or "null", extra="ignore")

    def status_of(self, instance_id: str) -> str:
        """Return the path of an instance's status."""
        return self.status_template.format(instance_id=instance_id)

    @property
    def status_template(self) -> str:
        """The path of an instance's status, with a place for its id."""
        return self.status_path or f"{self.path}/{{instance_id}}"

    def event(self, name: str) -> Event | None:
        """Return the event of that name; as in Dapr, case does not matter."""
        return next((e for e in self.events if e.name == name.casefold()), None)

    @cached_property
    def outcomes(self) -> tuple[str, ...]:
        """The outcomes that its results can have, as the model of the result declares them."""
        return declared_outcomes(self.output)

    def info(self) -> WorkflowInfo:
        """Return its description in the API."""
        return WorkflowInfo(
            name=self.name,
            workflow=self.workflow_name,
            version=self.version,
            title=self.title,
            description=self.description,
            start=self.path,
            id_field=self.id_field,
            input_schema=self.input.model_json_schema(),
            output_schema=self.output.model_json_schema(mode="serialization"),
            outcomes=list(self.outcomes),
            events=[
                EventInfo(
                    name=event.name,
                    description=event.description,
                    payload_schema=event.payload_schema,
                )
                for event in self.events
            ],
            samples=dict(self.samples),
            search_fields=list(self.search_fields),
        )


def workflow_of(instance_id: str) -> str:
    """Return the workflow that an instance's id begins with; a child's begins with its parent's."""
    return instance_id.partition("-")[0]
