"""The protocol of a source of knowledge, and the limits of its passages."""

from typing import Annotated, Protocol

from pydantic import StringConstraints

from orchestrator.toolkit.language.port import Passage

# Search results go through a workflow's history: five passages of this size, of each of four
# sources, stay two hundred times below the engine's limit.
MAX_PASSAGES = 5
MAX_CHARACTERS = 1_000
# The most notes, where the settings say nothing else.
NOTES_QUOTA = 1_000

Line = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]*$")]
"""One line of text, without control characters."""

Prose = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]
"""Text of several lines, without other control characters."""


class Knowledge(Protocol):
    """A source that can be searched."""

    name: str

    async def search(self, question: str, limit: int) -> list[Passage]:
        """Return at most `limit` passages, the best first; none where nothing matches.

        Raises:
            NonRetryableError: The source refuses permanently.
        """


def shortened(text: str) -> str:
    """Return a text truncated to the length of a passage, at a word."""
    if len(text) <= MAX_CHARACTERS:
        return text
    # A text without any space is cut where it must be.
    return text[: MAX_CHARACTERS - 1].rsplit(" ", 1)[0] + "…"
