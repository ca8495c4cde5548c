"""Scores applications by their keywords: pure rules."""

import re
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from contracts.fields import RequestId

FULL_SCORE = 100

Keyword = Annotated[
    str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1, max_length=50)
]
Points = Annotated[int, Field(ge=1, le=FULL_SCORE)]


class Rule(BaseModel):
    """Part of the rules: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Thresholds(Rule):
    """The scores from which an application is high, or medium."""

    high: int = Field(le=FULL_SCORE)
    medium: int = Field(ge=1)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.medium >= self.high:
            raise ValueError("the threshold for medium must be below that for high")
        return self


class Position(Rule):
    """A position, and the points that each keyword is worth: 100 in all."""

    id: RequestId
    title: str = Field(min_length=1, max_length=60)
    required: dict[Keyword, Points] = Field(
        description="Without all of these, the score stays below high"
    )
    wanted: dict[Keyword, Points] = {}

    @model_validator(mode="after")
    def _full_score(self) -> Self:
        if twice := self.required.keys() & self.wanted.keys():
            raise ValueError(f"both required and wanted: {', '.join(sorted(twice))}")
        total = sum(self.required.values()) + sum(self.wanted.values())
        if total != FULL_SCORE:
            raise ValueError(f"the points of {self.id} add up to {total}, not {FULL_SCORE}")
        return self


class Rules(Rule):
    """How applications are scored."""

    thresholds: Thresholds
    positions: list[Position]

    def position(self, id_: str) -> Position | None:
        """Return a position by its id, if there is one."""
        return next((position for position in self.positions if position.id == id_), None)


class Hit(BaseModel):
    """A keyword found in the application, and its points."""

    keyword: str
    points: int
    required: bool


class Score(BaseModel):
    """A score, and its explanation."""

    score: int = Field(ge=0, le=FULL_SCORE)
    hits: list[Hit]
    missing: list[str] = Field(description="Required keywords that the application lacks")


def score(position: Position, thresholds: Thresholds, text: str) -> Score:
    """Score an application.

    Args:
        position: What it is for.
        thresholds: Without every required keyword, the score stays below the high one.
        text: What the candidate wrote.
    """
    folded = text.casefold()
    hits = [
        Hit(keyword=keyword, points=points, required=required)
        for keywords, required in ((position.required, True), (position.wanted, False))
        for keyword, points in keywords.items()
        if mentions(folded, keyword)
    ]
    found = {hit.keyword for hit in hits}
    missing = [keyword for keyword in position.required if keyword not in found]
    points = sum(hit.points for hit in hits)
    return Score(
        score=min(points, thresholds.high - 1) if missing else points, hits=hits, missing=missing
    )


def mentions(folded: str, keyword: str) -> bool:
    """Return whether a text in folded case has a keyword as whole words.

    `+`, `#` and a dot inside a word belong to it: `c` is not in `c++`, `.net` not in `asp.net`,
    and `node` not in `node.js`, but `python` is in `I write Python.`
    """
    words = r"\s+".join(re.escape(word) for word in keyword.casefold().split())
    return re.search(rf"(?<![\w+#.]){words}(?![\w+#]|\.\w)", folded) is not None
