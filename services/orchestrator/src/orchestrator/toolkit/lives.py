"""The lives of an instance id: a purge ends one, and the next start under the id begins another.

What belongs to a life must not be taken for that of another: its effects, decisions and children.
So their keys are made of `key_root`, which has the life in it from the second on. A life is part of
the input that the engine keeps, but no field of a request: callers neither set it nor see it.
"""

import hashlib
import re
from collections.abc import Callable, Generator, Mapping
from typing import Any

from dapr.ext.workflow import DaprWorkflowContext
from pydantic import BaseModel, JsonValue, RootModel, ValidationError

from orchestrator.dapr_sdk.private import coerce_to_model, resolve_input

FIRST = 1
# Not a name that a request's field can have by mistake; it is in the histories of later lives.
FIELD = "$life"
# As contracts.fields.Key.
MAX_ID = 200
DIGEST = 32
_LIFE_IN_KEY = re.compile(r"[^:]+:life(\d+):")


class StoredInput(RootModel[dict[str, JsonValue]]):
    """The input of a workflow as the engine keeps it: a JSON object."""


class LifeContext(DaprWorkflowContext):
    """The context of a workflow in a life after the first one."""

    life: int

    @classmethod
    def of(cls, ctx: DaprWorkflowContext, life: int) -> "LifeContext":
        """Return a context that does what `ctx` does, in a life."""
        made = cls.__new__(cls)
        made.__dict__.update(ctx.__dict__)
        made.life = life
        return made

    def continue_as_new(self, new_input: Any, *, save_events: bool = False) -> None:
        """Continue as new in the same life."""
        data = new_input.model_dump(mode="json") if isinstance(new_input, BaseModel) else new_input
        super().continue_as_new({**data, FIELD: self.life}, save_events=save_events)


def life_of(serialized: str | None) -> int:
    """Return the life of an instance by its input, which is JSON; 1 where it does not say."""
    try:
        return _marked_life(StoredInput.model_validate_json(serialized or "{}").root)
    except ValidationError:
        # Of a child, whose input is no object.
        return FIRST


def stored_input(request: BaseModel, life: int) -> StoredInput:
    """Return the input of a workflow for the engine; in the first life it is the request alone."""
    mark = {} if life == FIRST else {FIELD: life}
    return StoredInput({**request.model_dump(mode="json"), **mark})


def root_of(instance_id: str, life: int) -> str:
    """Return what the keys of an instance begin with in a life."""
    return instance_id if life == FIRST else f"{instance_id}:life{life}"


def life_of_key(key: str) -> int:
    """Return the life that a key, which begins with a root, belongs to."""
    found = _LIFE_IN_KEY.match(key)
    return int(found[1]) if found else FIRST


def key_root(ctx: DaprWorkflowContext) -> str:
    """Return what every idempotency key and child's id of a workflow begins with.

    Args:
        ctx: The workflow's context.
    """
    return root_of(ctx.instance_id, current_life(ctx))


def child_id(ctx: DaprWorkflowContext, name: str) -> str:
    """Return the id of a child workflow: no caller can start anything under it, for it has a `:`.

    Args:
        ctx: The context of the workflow that calls it.
        name: Distinguishes it among the children of that workflow. Where the id would be too
            long, a digest stands for it.
    """
    return child_of(key_root(ctx), name)


def child_of(root: str, name: str) -> str:
    """Return the id of a child by what its parent's keys begin with: see `child_id`."""
    whole = f"{root}:{name}"
    if len(whole) <= MAX_ID:
        return whole
    return f"{root}:{hashlib.sha256(name.encode()).hexdigest()[:DIGEST]}"


def wait_id(ctx: DaprWorkflowContext, name: str) -> str:
    """Return the id of a wait, so that no claim or decision of another life counts for it.

    Args:
        ctx: The context of the workflow that waits.
        name: Distinguishes it among the waits of its life.
    """
    life = current_life(ctx)
    return name if life == FIRST else f"{name}.life{life}"


def current_life(ctx: DaprWorkflowContext) -> int:
    """Return which life of its id a workflow is."""
    return ctx.life if isinstance(ctx, LifeContext) else FIRST


def in_its_life(
    workflow: Callable[..., Generator[Any, Any, Any]],
) -> Callable[..., Generator[Any, Any, Any]]:
    """Return a workflow as the SDK calls it: with its input as JSON, which may name the life.

    Args:
        workflow: Takes the context and, unless it has no input, a model or plain JSON.
    """
    accepts_input, model = resolve_input(workflow)

    def hosted(ctx: DaprWorkflowContext, data: Any = None) -> Generator[Any, Any, Any]:
        if isinstance(data, dict) and FIELD in data:
            ctx = LifeContext.of(ctx, _marked_life(data))
            data = {name: value for name, value in data.items() if name != FIELD}
        if not accepts_input:
            return workflow(ctx)
        return workflow(ctx, coerce_to_model(data, model) if model and data else data)

    return hosted


def _marked_life(data: Mapping[str, Any]) -> int:
    life = data.get(FIELD)
    return life if isinstance(life, int) else FIRST
