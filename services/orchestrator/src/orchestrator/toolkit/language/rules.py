"""Language without a model: it selects sentences and never writes one, so it cannot make things up.

It is deterministic: the same text gives the same summary.
"""

from collections import Counter
from dataclasses import dataclass

from orchestrator.toolkit.language.port import MARK, Passage, Synthesis
from orchestrator.toolkit.language.sentences import ended, sentences_of, terms_of

# A sentence of fewer terms is too short for a summary.
SHORTEST = 4
# An answer of more than this would be a list of finds.
ANSWER_SENTENCES = 4
# Two sentences with this share of their terms in common say the same.
SAME = 0.7
# Each sentence is compared with each: of the best only, so that it takes milliseconds.
COMPARED = 200
COVERAGE_SHARE, AGREEMENT_SHARE = 60, 40
NO_ANSWER = "None of the passages says anything about the question."


class RulesLanguage:
    """The language port, by rules."""

    async def summarise(self, text: str, sentences: int) -> str:
        """Return the sentences that say most of a text, in its order.

        By SumBasic (Nenkova and Vanderwende 2005): a sentence weighs the mean frequency of its
        terms, and the terms of one that was chosen count little from then on, so that the next
        says something else. The first sentences of a text say most of it (Edmundson 1969), so
        the first counts double, the second half as much more, and so on.
        """
        found = [(sentence, terms_of(sentence)) for sentence in sentences_of(text)]
        # Headings and addresses say little; a text that has nothing else is shown by them.
        prose = [(s, terms) for s, terms in found if len(terms) >= SHORTEST and ended(s)]
        usable = prose or [(s, terms) for s, terms in found if terms]
        counted = Counter(term for _, terms in usable for term in terms)
        weights = {term: count / counted.total() for term, count in counted.items()}
        left = dict(enumerate(usable))
        chosen: list[int] = []
        while left and len(chosen) < sentences:
            best = max(left, key=lambda i: (_weight(i, left[i][1], weights), -i))
            chosen.append(best)
            for term in set(left.pop(best)[1]):
                weights[term] **= 2
        return " ".join(usable[i][0] for i in sorted(chosen))

    async def synthesise(self, question: str, passages: list[Passage]) -> Synthesis:
        """Return the sentences that have most of the question's terms, and where they are from.

        The confidence is 60 % for the share of the question's terms that the answer has, and 40 %
        for the share of them that two sources or more have: so one source alone gives 60 at most.
        """
        query_terms = set(terms_of(question))
        points = _points(query_terms, passages)[:ANSWER_SENTENCES]
        if not points:
            return Synthesis(text=NO_ANSWER, citations=[], confidence=0)
        cited = list(dict.fromkeys(p for point in points for p in point.passages))
        text = " ".join(
            point.sentence + "".join(f" [{cited.index(p) + 1}]" for p in point.passages)
            for point in points
        )
        sources: dict[str, set[str]] = {}
        for point in points:
            for passage in point.passages:
                for term in point.terms & query_terms:
                    sources.setdefault(term, set()).add(passages[passage].source)
        confirmed = sum(len(of_term) > 1 for of_term in sources.values())
        score = (COVERAGE_SHARE * len(sources) + AGREEMENT_SHARE * confirmed) / len(query_terms)
        return Synthesis(
            text=text, citations=[passages[p].reference for p in cited], confidence=round(score)
        )


@dataclass
class _Point:
    """A sentence of one passage, or of several that say the same."""

    sentence: str
    terms: set[str]
    passages: list[int]


def _weight(position: int, terms: list[str], weights: dict[str, float]) -> float:
    return sum(weights[term] for term in terms) / len(terms) * (1 + 1 / (1 + position))


def _points(query_terms: set[str], passages: list[Passage]) -> list[_Point]:
    """Return the sentences that have terms of the question, those with most of them first."""
    found = [
        _Point(sentence, set(terms_of(sentence)), [number])
        for number, passage in enumerate(passages)
        for sentence in sentences_of(MARK.sub("", passage.text))
    ]
    related = [point for point in found if point.terms & query_terms]
    related.sort(key=lambda p: -len(p.terms & query_terms))
    points: list[_Point] = []
    for point in related[:COMPARED]:
        same = next((p for p in points if _alike(p.terms, point.terms)), None)
        if same is None:
            points.append(point)
        elif point.passages[0] not in same.passages:
            same.passages += point.passages
    return sorted(points, key=lambda p: (-len(p.terms & query_terms), -len(p.passages)))


def _alike(one: set[str], other: set[str]) -> bool:
    return len(one & other) >= SAME * len(one | other)
