"""Splits text into sentences and terms, in one pass each, for text may be what anybody sent.

A sentence ends with its paragraph, or at a word that ends in '.', '!' or '?' and is no
abbreviation, before a word that does not go on in lower case. That is right for prose in English;
what it gets wrong ("in the U.S. Congress") is two sentences for one, which does little harm here.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

# What is written with a full stop in the middle of a sentence.
_ABBREVIATIONS = """
    mr mrs ms mx dr prof rev hon st jr sr messrs vs cf e.g i.e a.k.a approx ca est no nos nr art
    sec para p pp vol fig ed eds al ext tel inc ltd co corp dept univ jan feb mar apr jun jul aug
    sep sept oct nov dec mon tue wed thu fri sat sun"""
ABBREVIATIONS = frozenset(_ABBREVIATIONS.split())
APOSTROPHE = "\u2019"
OPENING = "\"'\u201c\u2018\u00ab(["
CLOSING = f"\"'\u201d{APOSTROPHE}\u00bb)]"
ENDS = ".!?\u2026"
PARAGRAPHS = re.compile(r"\n[^\S\n]*\n")
WORD = re.compile(rf"[^\W_]+(?:['{APOSTROPHE}][^\W_]+)?")

# The commonest words of English, which say nothing of what a text is about.
_STOPWORDS = """
    a about above after again all also am an and any are as at be because been before being below
    between both but by can cannot could did do does doing down during each either few for from
    further had has have having he her here hers him his how however i if in into is it its itself
    just may me might more most must my no nor not now of off on once only or other our ours out
    over own per shall she should so some such than that the their theirs them then there these
    they this those through thus to too under until up upon us very was we were what when where
    whether which while who whom whose why will with within without would you your yours"""
STOPWORDS = frozenset(_STOPWORDS.split())


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a text, in order, each on one line."""
    return [sentence for paragraph in PARAGRAPHS.split(text) for sentence in _sentences(paragraph)]


def terms_of(text: str) -> list[str]:
    """Return the words that carry meaning, in order, in lower case and without a plural's s."""
    words = (
        word.casefold().replace(APOSTROPHE, "'").removesuffix("'s") for word in WORD.findall(text)
    )
    return [_singular(word) for word in words if word not in STOPWORDS]


def ended(sentence: str) -> bool:
    """Return whether a sentence ends as one, and not as a heading does."""
    return sentence.rstrip(CLOSING).endswith(tuple(ENDS))


def _sentences(paragraph: str) -> Iterator[str]:
    words = paragraph.split()
    sentence: list[str] = []
    for word, following in pairwise([*words, ""]):
        sentence.append(word)
        if not following or _ends(word, following):
            yield " ".join(sentence)
            sentence = []


def _ends(word: str, following: str) -> bool:
    if not ended(word):
        return False
    bare = word.rstrip(CLOSING)
    first = following.lstrip(OPENING)[:1]
    if first.islower():
        return False
    stem = bare.rstrip(ENDS).lstrip(OPENING).casefold()
    initial = len(stem) == 1 and stem.isalpha()
    return bare[-1] != "." or not (initial or stem in ABBREVIATIONS)


def _singular(word: str) -> str:
    plural = len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is"))
    return word[:-1] if plural else word
