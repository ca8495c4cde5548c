"""Ranks texts by BM25: rare words count more, repetitions ever less, long texts less.

S. Robertson and H. Zaragoza, The Probabilistic Relevance Framework: BM25 and Beyond (2009). The
library for it, rank-bm25, was looked at: it is unmaintained, and needs numpy.
"""

from collections import Counter
from collections.abc import Sequence
from math import log

# How soon repetitions of a term saturate, and how much the length of a text counts: Lucene's.
K1 = 1.2
B = 0.75


class Bm25:
    """An index over a fixed list of texts."""

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        """Index texts, each by its terms; there must be one at least."""
        self._counts = [Counter(text) for text in texts]
        self._lengths = [len(text) for text in texts]
        self._average = sum(self._lengths) / len(texts)
        self._containing = Counter(term for counts in self._counts for term in counts)

    def best(self, query: Sequence[str], limit: int) -> list[int]:
        """Return the numbers of at most `limit` texts that have a term of the query, best first."""
        terms = list(dict.fromkeys(query))
        scores = [(self.score(terms, number), number) for number in range(len(self._counts))]
        ranked = sorted(scores, key=lambda scored: (-scored[0], scored[1]))
        return [number for score, number in ranked[:limit] if score > 0]

    def score(self, terms: Sequence[str], number: int) -> float:
        """Return the score of the text of that number for these terms, without duplicates."""
        counts = self._counts[number]
        damping = K1 * (1 - B + B * self._lengths[number] / self._average)
        return sum(
            self._rarity(term) * counts[term] * (K1 + 1) / (counts[term] + damping)
            for term in terms
            if term in counts
        )

    def _rarity(self, term: str) -> float:
        containing = self._containing[term]
        return log(1 + (len(self._counts) - containing + 0.5) / (containing + 0.5))
