"""The workflows that an orchestrator hosts, and what each package contributes."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter
from httpx import AsyncClient

from contracts.problems import FieldError
from orchestrator.settings import Settings
from orchestrator.toolkit.actor_reminders import ActorReminders
from orchestrator.toolkit.definition import Definition
from orchestrator.toolkit.definition_checks import check_definitions
from orchestrator.toolkit.dependencies import Activities, ActivityDependencies
from orchestrator.toolkit.workflow_settings import SettingsRegistry, WorkflowSettings
from servicekit.background import Supervisor
from servicekit.state import StateStore

Background = Callable[[Settings, SettingsRegistry, Supervisor], AbstractAsyncContextManager[None]]
"""A task beside the worker for the lifetime of the service, such as a host of actors."""


Compensate = Callable[[StateStore, SettingsRegistry, str], Awaitable[None]]
"""Compensates the effect under a key in the state store; repeating it changes nothing."""


@dataclass(frozen=True, kw_only=True)
class HostedWorkflow:
    """A workflow, and what its package contributes to the orchestrator.

    Args:
        definition: Its definition.
        activities: Returns its activities, by name.
        settings: The classes of its settings, which are read when the service starts.
        check_request: Returns which field of a request the settings refuse, where its form is
            valid; None where they refuse none.
        max_active: Returns how many of its instances may be active, which the settings say; a start
            beyond that is refused (429). By default there is no limit.
        routers: The routes that it has besides those of every workflow.
        tags: Sections of Swagger UI besides its own, with a description each.
        background: What runs beside the worker.
        actor_types: The types of actors that the background hosts.
        reminders: Returns the reminders of its actors, by the sidecar's API, where it has actors.
        compensations: What compensates its effects in the state store, by the prefix of their keys,
            where the workflow itself cannot any more.
    """

    definition: Definition
    activities: Callable[[ActivityDependencies], Activities]
    settings: tuple[type[WorkflowSettings], ...] = ()
    check_request: Callable[[Any, SettingsRegistry], FieldError | None] | None = None
    max_active: Callable[[SettingsRegistry], int] | None = None
    routers: tuple[APIRouter, ...] = ()
    tags: tuple[dict[str, str], ...] = ()
    background: Background | None = None
    actor_types: tuple[str, ...] = ()
    reminders: Callable[[AsyncClient, SettingsRegistry], ActorReminders] | None = None
    compensations: Mapping[str, Compensate] = field(default_factory=dict)


class Catalogue:
    """The hosted workflows, by each of their names."""

    def __init__(self, workflows: Iterable[HostedWorkflow]) -> None:
        """Index the workflows.

        Raises:
            DefinitionError: A definition contradicts itself, or two of them share a name.
        """
        self.workflows = tuple(workflows)
        self._by_name = {w.definition.name: w for w in self.workflows}
        self._by_workflow_name = {w.definition.workflow_name: w for w in self.workflows}
        check_definitions(self.definitions)

    @property
    def definitions(self) -> list[Definition]:
        """The definition of every workflow, in the order of the catalogue."""
        return [workflow.definition for workflow in self.workflows]

    def named(self, name: str) -> Definition | None:
        """Return the definition of a workflow by its short name, such as `order`."""
        found = self._by_name.get(name)
        return found.definition if found else None

    def of_workflow(self, workflow_name: str) -> Definition | None:
        """Return the definition by Dapr's name; None for a child workflow, or one not hosted."""
        found = self._by_workflow_name.get(workflow_name)
        return found.definition if found else None

    def check_request(
        self, definition: Definition, request: Any, settings: SettingsRegistry
    ) -> FieldError | None:
        """Return which field of a start request the settings refuse, if any."""
        check = self._by_name[definition.name].check_request
        return check(request, settings) if check else None

    def max_active(self, definition: Definition, settings: SettingsRegistry) -> int | None:
        """Return how many instances of a workflow may be active; None where there is no limit."""
        limit = self._by_name[definition.name].max_active
        return limit(settings) if limit else None

    def read_settings(self) -> SettingsRegistry:
        """Return the settings of every workflow, read from the environment.

        Raises:
            ValidationError: A variable has no valid value.
        """
        return SettingsRegistry(
            settings() for workflow in self.workflows for settings in workflow.settings
        )
