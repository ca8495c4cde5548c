"""Collects the activities that a worker hosts, and finds those that are missing."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from inspect import signature
from types import NoneType
from typing import Any, get_type_hints

from orchestrator.toolkit.activities import assignment, notification, outage, waits
from orchestrator.toolkit.activity_ref import ActivityRef
from orchestrator.toolkit.catalogue import Catalogue
from orchestrator.toolkit.definition import Definition
from orchestrator.toolkit.definition_checks import DefinitionError
from orchestrator.toolkit.dependencies import Activities, Activity, ActivityDependencies

SHARED_ACTIVITIES = (
    assignment.activities,
    notification.activities,
    outage.activities,
    waits.activities,
)


def collect_activities(
    catalogue: Catalogue, dependencies: ActivityDependencies
) -> Mapping[str, Activity]:
    """Return the shared activities and those of every workflow, by name.

    Args:
        catalogue: The workflows to host.
        dependencies: What the activities use.

    Raises:
        DefinitionError: Two activities have one name, a handle or a compensation has no activity,
            or an activity's types are not those of its handle.
    """
    made = [shared(dependencies) for shared in SHARED_ACTIVITIES]
    made += [workflow.activities(dependencies) for workflow in catalogue.workflows]
    collected: dict[str, Activity] = {}
    mistakes: list[str] = []
    for name, activity in _pairs(made):
        if name in collected:
            mistakes.append(f"two activities have the name '{name}'")
        collected[str(name)] = activity
        mistakes += _type_mistakes(name, activity)
    for definition in catalogue.definitions:
        for name in sorted({*definition.compensations, *handles_of(definition)} - {*collected}):
            mistakes.append(f"{definition.name}: no activity is registered as '{name}'")
    if mistakes:
        raise DefinitionError("\n".join(mistakes))
    return collected


def handles_of(definition: Definition) -> set[str]:
    """Return the typed handles in the modules of a workflow's package."""
    workflows = (
        definition.workflow,
        *definition.previous_versions.values(),
        *definition.children.values(),
    )
    names = {workflow.__module__ for workflow in workflows}
    packages = tuple(f"{name.rpartition('.')[0]}." for name in names if "." in name)
    return {
        value
        for name, module in [*sys.modules.items()]
        if name in names or (packages and name.startswith(packages))
        for value in vars(module).values()
        if isinstance(value, ActivityRef)
    }


def _pairs(made: Iterable[Activities]) -> Iterator[tuple[str, Activity]]:
    for activities in made:
        yield from activities.items()


def _type_mistakes(name: str, activity: Activity) -> Iterator[str]:
    if not isinstance(name, ActivityRef):
        return
    hints = get_type_hints(activity)
    returned = hints.get("return")
    taken = [hints.get(parameter) for parameter in [*signature(activity).parameters][1:]]
    if taken != [name.input_model] or returned != name.output_model:
        yield (
            f"the activity '{name}' takes {_names(taken)} and returns {_names([returned])}; its "
            f"handle says {_names([name.input_model])} and {_names([name.output_model])}"
        )


def _names(types: Iterable[Any]) -> str:
    return ", ".join("None" if t is NoneType else getattr(t, "__name__", str(t)) for t in types)
