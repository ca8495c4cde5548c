"""Documents are classified by the terms of classes.json."""

import pytest

from orchestrator.workflows.document_batch.adapters.classification import Classifier
from orchestrator.workflows.document_batch.adapters.extraction import text_of
from orchestrator.workflows.document_batch.adapters.library import samples
from orchestrator.workflows.document_batch.models import DocumentClass
from orchestrator.workflows.document_batch.settings import DocumentBatchSettings


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("invoice", DocumentClass.INVOICE),
        ("contract", DocumentClass.CONTRACT),
        ("report", DocumentClass.REPORT),
        ("letter", DocumentClass.LETTER),
        ("minutes", DocumentClass.OTHER),
        ("newsletter", DocumentClass.OTHER),
    ],
)
def test_each_sample_has_its_class(name: str, expected: DocumentClass) -> None:
    classifier = Classifier.of(DocumentBatchSettings().document_classes_file)
    sample = samples()[name]
    assert classifier.classify(text_of(sample.media_type, sample.text)) is expected


def test_a_term_matches_whole_words() -> None:
    classifier = Classifier.of(DocumentBatchSettings().document_classes_file)
    assert classifier.classify("Reporting invoiced endearing reporters") is DocumentClass.OTHER
    assert classifier.classify("INVOICE\nAmount\ndue: 4") is DocumentClass.INVOICE
