"""The inputs of the activities of a program, and their handles."""

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.toolkit.activity_ref import ActivityRef
from support.programs.nodes import AnyNode, Effect, ProgramRequest


class MakeEffect(BaseModel):
    """Make an effect."""

    root: str = Field(description="What the keys of the program's effects begin with")
    effect: Effect
    digest: int = Field(description="Of all nodes before it")


class CompensateEffect(BaseModel):
    """Compensate an effect, made or not."""

    root: str
    effect: Effect


class Carried(BaseModel):
    """What an instance carries from one generation to the next."""

    model_config = ConfigDict(extra="ignore")

    generation: int = 0
    digest: int = 0
    effects: list[Effect] = Field(default=[], description="What is compensated if it fails")
    compensated: list[str] = []


class ProgramState(Carried, ProgramRequest):
    """The input of a program in any of its generations."""

    model_config = ConfigDict(extra="ignore")


class ChildState(Carried):
    """The input of a child workflow in any of its generations."""

    root: str
    generations: list[AnyNode]
    probe: Effect | None = None


class ChildOutput(BaseModel):
    """The result of a child workflow, whose effects its parent may compensate."""

    digest: int
    effects: list[Effect]


MAKE_EFFECT = ActivityRef("make_effect", MakeEffect, int)
COMPENSATE_EFFECT = ActivityRef("compensate_effect", CompensateEffect, bool)
CHILD = "program_child_workflow"
