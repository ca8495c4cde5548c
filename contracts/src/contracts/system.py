"""Whether all is well that workflows need."""

from pydantic import BaseModel, Field


class SystemCheck(BaseModel):
    """One thing that the system needs."""

    name: str
    ok: bool
    detail: str = Field(description="What was found")
    advice: str | None = Field(
        default=None,
        description="What to do, where the check failed; where it passed, a warning",
    )


class Versions(BaseModel):
    """What runs."""

    orchestrator: str
    dapr_runtime: str | None = Field(
        description="Of the orchestrator's sidecar; null where that does not answer"
    )
    dapr_sdk: str = Field(description="Of the Python package `dapr`")


class SystemReport(BaseModel):
    """Whether all is well."""

    checks: list[SystemCheck]
