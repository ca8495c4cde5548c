"""Whether all is well that workflows need."""

from pydantic import BaseModel, Field


class SystemCheck(BaseModel):
    """One thing that the system needs."""

    name: str
    ok: bool
    detail: str = Field(description="What was found")
    advice: str | None = Field(default=None, description="What to do, where it is not well")


class SystemReport(BaseModel):
    """Whether all is well."""

    checks: list[SystemCheck]
