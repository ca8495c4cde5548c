"""What free text finds of each workflow."""

from datetime import UTC, datetime

import pytest

from orchestrator.schemas.instances import InstanceFilter
from orchestrator.toolkit.definition import Definition
from orchestrator.toolkit.definition_checks import types_at
from orchestrator.visibility.entry import search_text, started_entry
from orchestrator.visibility.filters import SHORTEST_WORD, filtered, matching
from orchestrator.workflows.registrations import WORKFLOWS

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DEFINITIONS = [workflow.definition for workflow in WORKFLOWS]
every_definition = pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda d: d.name)


@every_definition
def test_every_search_field_is_a_text_of_the_request(definition: Definition) -> None:
    assert definition.search_fields, "say in search_fields what `GET /instances?q=` looks at"
    for path in definition.search_fields:
        assert str in types_at(definition.input, path.split(".")), path


def test_a_path_that_leads_nowhere_would_be_seen() -> None:
    order = next(d for d in DEFINITIONS if d.name == "order")
    assert list(types_at(order.input, ["lines", "sku"])) == [str]
    assert list(types_at(order.input, ["lines", "colour"])) == []
    assert str not in types_at(order.input, ["lines"])


@every_definition
def test_the_first_sample_is_found_by_each_word_of_its_text(definition: Definition) -> None:
    request = definition.input.model_validate(next(iter(definition.samples.values())).request)
    entry = started_entry(definition, request, NOW)
    text = search_text("", definition, request.model_dump(mode="json"))
    assert text.strip()
    # Shorter words are no search.
    for word in (word for word in text.split() if len(word) >= SHORTEST_WORD):
        assert list(filtered([entry], matching(InstanceFilter(q=word.upper()), NOW))) == [entry]
    assert not list(filtered([entry], matching(InstanceFilter(q="no-such-word"), NOW)))
