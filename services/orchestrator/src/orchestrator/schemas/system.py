"""Diagnostics of what workflows depend on."""

from pydantic import BaseModel, Field


class SystemCheck(BaseModel):
    """A check of something that workflows depend on."""

    name: str
    ok: bool
    detail: str = Field(description="What was found")
    advice: str | None = Field(
        default=None,
        description="The remedy, where the check failed; where it passed, a warning or null",
    )


class Versions(BaseModel):
    """The versions that run."""

    orchestrator: str
    dapr_runtime: str | None = Field(
        description="The version of the orchestrator's sidecar; null where it does not answer"
    )
    dapr_sdk: str = Field(description="The version of the Python package `dapr`")


class SystemReport(BaseModel):
    """The checks of the system."""

    checks: list[SystemCheck]
