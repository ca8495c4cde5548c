"""The port to a language model."""

import re
from typing import Protocol

from pydantic import BaseModel, Field

# How an answer cites: by the number of a citation.
MARK = re.compile(r"\[(\d{1,4})\]")


class Passage(BaseModel):
    """A piece of text that an answer may rest on."""

    source: str = Field(description="The source: passages of one source do not confirm each other")
    reference: str = Field(description="What a citation names, such as a title or an address")
    text: str


class Synthesis(BaseModel):
    """An answer that was put together from passages."""

    text: str = Field(description="The answer; `[2]` in it is the second of the citations")
    citations: list[str] = Field(description="The references of the passages that it rests on")
    confidence: int = Field(ge=0, le=100, description="How far to trust it, in percent")


class Language(Protocol):
    """Reads and writes text."""

    async def summarise(self, text: str, sentences: int) -> str:
        """Return a text in at most so many sentences; nothing for a text without words."""

    async def synthesise(self, question: str, passages: list[Passage]) -> Synthesis:
        """Answer a question by these passages alone; with confidence 0 where they do not help."""
