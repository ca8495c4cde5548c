"""The reports of research, and its drafts, in the state store: each is written once."""

from pydantic import BaseModel, Field

from servicekit.state import StateStore


class Report(BaseModel):
    """An answer to a question, and its citations."""

    question: str
    text: str = Field(description="The answer; `[2]` in it is the second of the citations")
    citations: list[str]
    confidence: int = Field(description="In percent")
    round: int = Field(description="The number of the draft")
    comments: list[str] = Field(description="What reviewers commented on earlier drafts")
    failed_sources: list[str] = Field(description="The sources whose search failed")


class Reports:
    """The reports in a state store."""

    def __init__(self, store: StateStore) -> None:
        """Keep the reports in `store`."""
        self._store = store

    async def find(self, key: str) -> Report | None:
        """Return the report of that key, or None where there is none."""
        return (await self._store.get(_key(key), Report)).value

    async def keep(self, key: str, report: Report) -> Report:
        """Keep a report, unless there is one under the key; return the one that is there."""
        stored, _ = await self._store.put_if_absent(_key(key), report)
        return stored


def _key(key: str) -> str:
    return f"report:{key}"
