"""Classifies documents by their words; the rules are data, in classes.json."""

import re
from pathlib import Path

from pydantic import BaseModel, Field, TypeAdapter

from orchestrator.workflows.document_batch.models import DocumentClass


class ClassRule(BaseModel):
    """The terms of a class."""

    document_class: DocumentClass
    terms: dict[str, int] = Field(
        description="Words and phrases in lower case, and the weight of each, from 1 to 3"
    )
    least: int = Field(description="The sum of weights that is needed")


class Classifier:
    """Applies the rules of a file."""

    def __init__(self, rules: list[ClassRule]) -> None:
        """Prepare the rules."""
        self._rules = [
            (rule, [(_pattern(term), weight) for term, weight in rule.terms.items()])
            for rule in rules
        ]

    @classmethod
    def of(cls, file: Path) -> "Classifier":
        """Return a classifier by the rules of a file."""
        return cls(TypeAdapter(list[ClassRule]).validate_json(file.read_bytes()))

    def classify(self, text: str) -> DocumentClass:
        """Return the class whose terms add up to most, each counted once; the first of equals."""
        words = " ".join(text.casefold().split())
        best, most = DocumentClass.OTHER, 0
        for rule, patterns in self._rules:
            score = sum(weight for pattern, weight in patterns if pattern.search(words))
            if score >= rule.least and score > most:
                best, most = rule.document_class, score
        return best


def _pattern(term: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(term)}(?!\w)")
