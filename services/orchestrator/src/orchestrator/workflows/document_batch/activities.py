"""Reads, classifies and summarises one document."""

import asyncio

from dapr.ext.workflow import WorkflowActivityContext

from orchestrator.dapr_sdk.private import NonRetryableError
from orchestrator.toolkit.dependencies import Activities, ActivityDependencies
from orchestrator.toolkit.fault_injection import PermanentInjectedFailure
from orchestrator.toolkit.language.factory import open_language
from orchestrator.toolkit.language.port import Language
from orchestrator.toolkit.language.settings import LanguageSettings
from orchestrator.workflows.document_batch.adapters.classification import Classifier
from orchestrator.workflows.document_batch.adapters.extraction import text_of
from orchestrator.workflows.document_batch.adapters.library import Library
from orchestrator.workflows.document_batch.adapters.results import Result, Results
from orchestrator.workflows.document_batch.models import (
    MAX_ERROR,
    PROCESS_DOCUMENT,
    DocumentProcessed,
    ProcessDocument,
)
from orchestrator.workflows.document_batch.settings import DocumentBatchSettings
from servicekit.locks import KeyedLocks

SUMMARY_SENTENCES = 2
# A sentence has no upper limit, and a page of results must have one.
MAX_SUMMARY = 1000


def activities(dependencies: ActivityDependencies) -> Activities:
    """Return the activities of document batches."""
    library, results = Library(dependencies.store), Results(dependencies.store)
    settings = dependencies.workflow_settings
    classifier = Classifier.of(settings.of(DocumentBatchSettings).document_classes_file)
    language = open_language(settings.of(LanguageSettings), dependencies.web)
    locks = KeyedLocks()

    async def attempt(step: ProcessDocument) -> Result:
        try:
            result = await _process(step, library, classifier, language)
        except NonRetryableError as error:
            # A retry would end alike: so this is the result.
            result = Result(error=str(error)[:MAX_ERROR])
        except Exception as error:
            await results.fail(step.key, step.document_id, str(error)[:MAX_ERROR])
            raise
        return await results.finish(step.key, step.document_id, result)

    async def process_document(
        _: WorkflowActivityContext, step: ProcessDocument
    ) -> DocumentProcessed:
        """Process a document once: a result that is there already is returned.

        After a crash Dapr may deliver a step several times at once: then one attempt does the
        work, and the others wait for its result.
        """
        async with locks(step.key):
            result = await results.begin(step.key, step.document_id)
            if result is None:
                result = await attempt(step)
        return DocumentProcessed(
            document_class=result.document_class, words=result.words, error=result.error
        )

    return {PROCESS_DOCUMENT: process_document}


async def _process(
    step: ProcessDocument, library: Library, classifier: Classifier, language: Language
) -> Result:
    await asyncio.sleep(step.pause_ms / 1000)
    if step.fails:
        raise PermanentInjectedFailure(f"document {step.document_id}")
    document = await library.get(step.document_id)
    if document is None:
        return Result(error=f"There is no document {step.document_id}")
    text = text_of(document.media_type, document.text)
    words = len(text.split())
    if words == 0:
        return Result(error=f"Document {step.document_id} has no text")
    summary = await language.summarise(text, SUMMARY_SENTENCES)
    return Result(
        document_class=classifier.classify(text), words=words, summary=summary[:MAX_SUMMARY]
    )
