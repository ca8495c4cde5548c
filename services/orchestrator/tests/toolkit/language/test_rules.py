"""The language port by rules: it selects sentences, and computes a confidence."""

import time

import httpx
import pytest
from pydantic import ValidationError

from orchestrator.toolkit.language.chat import ChatLanguage
from orchestrator.toolkit.language.factory import open_language
from orchestrator.toolkit.language.port import Passage
from orchestrator.toolkit.language.rules import NO_ANSWER, RulesLanguage
from orchestrator.toolkit.language.sentences import sentences_of, terms_of
from orchestrator.toolkit.language.settings import LanguageSettings

LANGUAGE = RulesLanguage()
TEXT = """A NOTE ON BRIDGES

The old bridge over the river Avon was closed in January after a crack was found in its main arch.
Engineers from the county measured the crack every week. "It has not grown," said Dr. Patel, who
leads them. The ferry carries about 300 people a day until the bridge opens again. A new bridge
would cost 4.5 million pounds. Ice cream is sold at the landing."""


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("Dr. A. Smith paid $3.50, e.g. for tea.", ["Dr. A. Smith paid $3.50, e.g. for tea."]),
        ('"Really?" she asked. (It was.) Yes.', ['"Really?" she asked.', "(It was.)", "Yes."]),
        ("No. 5 is\nnext to Acme Inc. in St. Ives.", ["No. 5 is next to Acme Inc. in St. Ives."]),
        ("A heading\n \nAnd text", ["A heading", "And text"]),
        ("Wait... what? Well… Fine.", ["Wait... what?", "Well…", "Fine."]),
        (" \n\n ", []),
    ],
)
def test_a_text_is_split_into_sentences(text: str, sentences: list[str]) -> None:
    assert sentences_of(text) == sentences


def test_terms_leave_out_stop_words_and_plurals() -> None:
    assert terms_of("The boat's crew and 3 buses; it\u2019s a class of its own") == [
        *("boat", "crew", "3", "buse", "class")
    ]


async def test_a_summary_is_sentences_of_the_text_in_their_order() -> None:
    summary = await LANGUAGE.summarise(TEXT, 2)
    first, second = sentences_of(summary)
    sentences = sentences_of(TEXT)
    assert first.startswith("The old bridge over the river Avon was closed")
    assert sentences.index(first) < sentences.index(second)
    assert "Ice cream" not in summary
    assert "A NOTE ON BRIDGES" not in summary
    assert await LANGUAGE.summarise(TEXT, 2) == summary


async def test_a_summary_repeats_nothing() -> None:
    text = (
        "The harbour wall will be repaired in spring. In spring the harbour wall will be repaired. "
        "Fishing boats must use the northern quay meanwhile."
    )
    assert await LANGUAGE.summarise(text, 2) == (
        "The harbour wall will be repaired in spring. "
        "Fishing boats must use the northern quay meanwhile."
    )


@pytest.mark.parametrize(
    ("text", "summary"),
    [("", ""), (" \n ", ""), ("... !!!", ""), ("the and of", ""), ("INVOICE 7", "INVOICE 7")],
)
async def test_the_summary_of_a_short_text_is_what_there_is(text: str, summary: str) -> None:
    assert await LANGUAGE.summarise(text, 3) == summary


@pytest.mark.parametrize("piece", [".", "a ", "a. ", ". ", "The old bridge has been closed. ", "("])
async def test_the_time_is_proportional_to_the_length(piece: str) -> None:
    began = time.process_time()
    await LANGUAGE.summarise(piece * (65_536 // len(piece)), 2)
    assert time.process_time() - began < 2


def passage(source: str, text: str) -> Passage:
    return Passage(source=source, reference=f"{source}'s page", text=text)


async def test_an_answer_cites_its_passages() -> None:
    passages = [
        passage("weather", "It rained in the valley. The harvest was late."),
        passage("county", "The bridge closed in January."),
        passage("paper", "Since January the bridge has been closed to lorries."),
    ]
    answer = await LANGUAGE.synthesise("When was the bridge closed?", passages)
    assert answer.citations == ["county's page", "paper's page"]
    assert answer.text == (
        "The bridge closed in January. [1] Since January the bridge has been closed to lorries. [2]"
    )
    assert answer.confidence == 100


async def test_equal_sentences_are_merged_and_cite_all_their_passages() -> None:
    passages = [passage(name, "The bridge closed in January.") for name in ("a", "b")]
    answer = await LANGUAGE.synthesise("When did the bridge close?", passages)
    assert answer.text == "The bridge closed in January. [1] [2]"


async def test_one_source_alone_gives_less_confidence() -> None:
    passages = [passage("a", "The bridge is closed."), passage("a", "The closed bridge is old.")]
    answer = await LANGUAGE.synthesise("Is the bridge closed?", passages)
    assert answer.confidence == 60
    half = await LANGUAGE.synthesise("Is the bridge guarded?", passages)
    assert half.confidence == 30


async def test_an_answer_without_related_passages_has_no_confidence() -> None:
    passages = [passage("a", "The harvest was late.")]
    for question, given in (("Where is the bridge?", passages), ("?", passages), ("bridge", [])):
        answer = await LANGUAGE.synthesise(question, given)
        assert (answer.text, answer.citations, answer.confidence) == (NO_ANSWER, [], 0)


async def test_marks_in_a_passage_are_no_citations() -> None:
    answer = await LANGUAGE.synthesise("bridge", [passage("a", "The bridge[4] is old.[12] Yes.")])
    assert answer.text == "The bridge is old. [1]"


async def test_the_settings_choose_the_adapter() -> None:
    async with httpx.AsyncClient() as web:
        assert isinstance(open_language(LanguageSettings(), web), RulesLanguage)
        model = LanguageSettings(language_url="http://localhost:1/v1", language_model="small")
        assert isinstance(open_language(model, web), ChatLanguage)
    with pytest.raises(ValidationError, match="needs language_model"):
        LanguageSettings(language_url="http://localhost:1/v1")
