"""Replays workflows by the SDK's executor, any number of times in a process."""

import logging
from collections.abc import Iterable
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext

from orchestrator.dapr_sdk.executor import Executor
from orchestrator.dapr_sdk.private import Registry
from orchestrator.toolkit.definition import Definition, Workflow
from orchestrator.toolkit.lives import in_its_life
from orchestrator.toolkit.until_success import SHARED_CHILDREN

# The SDK would log each turn of a replay as if it ran again.
SILENT = logging.getLogger("orchestrator.replays")
SILENT.setLevel(logging.CRITICAL)


def registry_of(definitions: Iterable[Definition]) -> Registry:
    """Return the SDK's registry of these workflows, their previous versions and children."""
    registry = Registry()  # type: ignore[no-untyped-call]
    for definition in definitions:
        name, version = definition.workflow_name, definition.version
        registry.add_named_orchestrator(
            name, adapted(definition.workflow), version, is_latest=version is not None
        )
        for previous, code in definition.previous_versions.items():
            registry.add_named_orchestrator(name, adapted(code), previous)
        for child, code in definition.children.items():
            registry.add_named_orchestrator(child, adapted(code))
    for child, code in SHARED_CHILDREN.items():
        registry.add_named_orchestrator(child, adapted(code))
    return registry


def adapted(workflow: Workflow) -> Any:
    """Return a workflow as the executor calls it: with its input as plain JSON."""
    hosted = in_its_life(workflow)

    def orchestrator(ctx: Any, data: Any) -> Any:
        return hosted(DaprWorkflowContext(ctx), data)

    return orchestrator


def executor(registry: Registry) -> Executor:
    """Return an executor, which replays one turn."""
    return Executor(registry, SILENT)
