"""The first phase of an onboarding: a document of each kind is collected and kept."""

from datetime import timedelta

from dapr.ext.workflow import DaprWorkflowContext

from orchestrator.toolkit.lives import key_root
from orchestrator.toolkit.progress import report
from orchestrator.toolkit.until_success import until_success
from orchestrator.toolkit.waits import EventWait
from orchestrator.workflows.onboarding.models import (
    DELETE_DOCUMENT,
    DOCUMENT,
    KEEP_DOCUMENT,
    CustomerDocument,
    DeleteDocument,
    DocumentKind,
    KeepDocument,
    OnboardingOutcome,
    Terms,
    document_key,
)
from orchestrator.workflows.onboarding.steps import Compensations, EndedEarly, Steps, run_step


def collect_documents(
    ctx: DaprWorkflowContext, terms: Terms, compensations: Compensations
) -> Steps:
    """Wait for a document of each kind, and keep their records.

    Raises:
        EndedEarly: One did not arrive in time, or could not be kept.
    """
    missing = list(DocumentKind)
    until = ctx.current_utc_datetime + timedelta(seconds=terms.collect_within_seconds)
    waiting = EventWait(ctx, DOCUMENT, CustomerDocument, until=until)

    def keep(document: CustomerDocument) -> Steps:
        if document.kind not in missing:
            return
        missing.remove(document.kind)
        # Before the step: an attempt that failed may have kept it.
        compensations.append(lambda: _delete(ctx, document.kind))
        step = KeepDocument(key=document_key(key_root(ctx), document.kind), document=document)
        yield from run_step(ctx, KEEP_DOCUMENT, step, "A document could not be kept")

    while missing:
        report(
            ctx,
            "collect_documents",
            f"Waiting for {', '.join(missing)}",
            waits=[waiting.wait],
            details={"missing": list(missing)},
        )
        document = yield from waiting.receive()
        if document is None:
            break
        yield from keep(document)
    for kind in list(missing):
        # What the API accepted while the time ran out counts.
        document = yield from waiting.close(kind)
        if document is not None:
            yield from keep(document)
    if missing:
        late = f"These documents did not come in time: {', '.join(missing)}"
        raise EndedEarly(OnboardingOutcome.TIMED_OUT, late)


def _delete(ctx: DaprWorkflowContext, kind: DocumentKind) -> Steps:
    message = f"Deleting the record of {kind}"
    report(ctx, DELETE_DOCUMENT, message)
    step = DeleteDocument(key=document_key(key_root(ctx), kind))
    yield from until_success(ctx, DELETE_DOCUMENT, step, message)
