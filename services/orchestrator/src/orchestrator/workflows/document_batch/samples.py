"""Document batches that run as they stand: one for each way that they end."""

from orchestrator.schemas.workflows import Sample

SAMPLES = {
    "completed": Sample(
        summary="A document of each class",
        request={
            "batch_id": "1",
            "documents": [
                "sample-invoice",
                "sample-contract",
                "sample-report",
                "sample-letter",
                "sample-minutes",
            ],
        },
    ),
    "hundred": Sample(
        summary="A hundred documents, slowed down so that the progress can be watched",
        request={"batch_id": "2", "prefix": "sample", "count": 100, "simulate": "slow"},
    ),
    "partial": Sample(
        summary="Every 5th document fails, and the others are done",
        request={
            "batch_id": "3",
            "prefix": "sample",
            "count": 12,
            "simulate": "document_fails",
        },
    ),
    "failed": Sample(
        summary="A document that is not there",
        request={"batch_id": "4", "documents": ["nowhere-to-be-found"]},
    ),
    "rejected": Sample(
        summary="A document that is named twice: nothing is processed",
        request={"batch_id": "5", "documents": ["sample-invoice", "sample-invoice"]},
    ),
}
