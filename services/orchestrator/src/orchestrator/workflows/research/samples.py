"""Research that runs as it stands: one for each way that it ends."""

from orchestrator.schemas.workflows import Sample, SampleEvent

SAMPLES = {
    "completed": Sample(
        summary="A question that the sources answer: no review",
        request={
            "research_id": "1",
            "question": "How does an idempotency key make a retry safe?",
            "requester": "alice@example.com",
        },
    ),
    "approved": Sample(
        summary="A question that they hardly answer: a reviewer approves the draft",
        request={
            "research_id": "2",
            "question": "Does a durable timer notice a leap second?",
            "requester": "alice@example.com",
            "reviewer": "bob@example.com",
        },
        events=[
            SampleEvent(
                event="review",
                payload={
                    "decision": "approve",
                    "reviewer": "bob@example.com",
                    "comment": "Nobody else knows more",
                },
            )
        ],
    ),
    "rejected": Sample(
        summary="A reviewer, found by skill, rejects the draft",
        request={
            "research_id": "3",
            "question": "Which database will be fashionable next year?",
            "requester": "alice@example.com",
        },
        events=[
            SampleEvent(
                event="review",
                payload={
                    "decision": "reject",
                    "reviewer": "chandra@example.com",
                    "comment": "Nobody can know that",
                },
            )
        ],
    ),
    "expired": Sample(
        summary="Nobody reviews the draft in time",
        request={
            "research_id": "4",
            "question": "Does a durable timer notice a leap second?",
            "requester": "alice@example.com",
            "review_seconds": 3,
        },
    ),
    "a source fails": Sample(
        summary="A source fails, and is left out",
        request={
            "research_id": "5",
            "question": "How does an idempotency key make a retry safe?",
            "requester": "alice@example.com",
            "simulate": "source_fails",
        },
    ),
    "failed": Sample(
        summary="All sources fail",
        request={
            "research_id": "6",
            "question": "How does an idempotency key make a retry safe?",
            "requester": "alice@example.com",
            "simulate": "all_sources_fail",
        },
    ),
}
