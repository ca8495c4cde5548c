"""Replays workflows by the SDK's executor, any number of times in a process."""

import logging
from collections.abc import Iterable
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext

from orchestrator.dapr_sdk.private import Registry, WorkflowExecutor, coerce_to_model, resolve_input
from orchestrator.toolkit.definition import Definition, Workflow

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
    return registry


def adapted(workflow: Workflow) -> Any:
    """Return a workflow as the executor calls it: with its input as plain JSON."""
    accepts_input, model = resolve_input(workflow)

    def orchestrator(ctx: Any, data: Any) -> Any:
        context = DaprWorkflowContext(ctx)
        if not accepts_input:
            return workflow(context)
        return workflow(context, coerce_to_model(data, model) if model and data else data)

    return orchestrator


def executor(registry: Registry) -> WorkflowExecutor:
    """Return an executor, which replays one turn."""
    return WorkflowExecutor(registry, SILENT)
