"""Workflows as their code was before a patch."""

import dataclasses
from collections.abc import Generator
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext

from orchestrator.toolkit.definition import Definition


class PatchedContext:
    """A workflow's context in which every patch has the same answer."""

    def __init__(self, ctx: DaprWorkflowContext, answer: bool) -> None:
        self._ctx = ctx
        self._answer = answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ctx, name)

    def is_patched(self, _: str) -> bool:
        return self._answer


def with_patches(definition: Definition, answer: bool) -> Definition:
    """Return a definition whose workflow always, or never, takes its patches."""

    def workflow(ctx: DaprWorkflowContext, request: Any) -> Generator[Any, Any, Any]:
        return definition.workflow(PatchedContext(ctx, answer), request)

    workflow.__annotations__["request"] = definition.input
    return dataclasses.replace(definition, workflow=workflow)
