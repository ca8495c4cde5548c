"""Reports of research, drafts included, in the state store: each is written once."""

from pydantic import BaseModel, Field

from servicekit.state import StateStore, until_written


class Report(BaseModel):
    """An answer to a question, and what it rests on."""

    question: str
    text: str = Field(description="The answer; `[2]` in it is the second of the citations")
    citations: list[str]
    confidence: int = Field(description="How far to trust it, in percent")
    round: int = Field(description="How often it was written, this time included")
    comments: list[str] = Field(description="What reviewers asked to be taken into account")
    failed_sources: list[str] = Field(description="The sources that could not be asked")


class Reports:
    """The reports in a state store."""

    def __init__(self, store: StateStore) -> None:
        """Keep them in `store`."""
        self._store = store

    async def find(self, key: str) -> Report | None:
        """Return the report of that key, or None where there is none."""
        return (await self._store.get(_key(key), Report)).value

    async def keep(self, key: str, report: Report) -> Report:
        """Keep a report under its key, and return it, or the one that was kept there before."""

        async def attempt() -> Report:
            kept = await self.find(key)
            if kept is None:
                await self._store.put(_key(key), report, None)
            return kept or report

        return await until_written(key, attempt)


def _key(key: str) -> str:
    return f"report:{key}"
