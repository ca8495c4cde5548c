"""Purchases that run as they stand: one for each way that they end."""

from orchestrator.schemas.workflows import Sample, SampleEvent

SAMPLES = {
    "approved": Sample(
        summary="A purchase that is approved",
        request={
            "purchase_id": "1",
            "requester": "alice@example.com",
            "item": "A laptop",
            "amount": 129900,
        },
        events=[
            SampleEvent(
                event="approval",
                payload={"approved": True, "approver": "dana", "comment": "Enjoy"},
            )
        ],
    ),
    "small": Sample(
        summary="A purchase below the limit is approved at once",
        request={
            "purchase_id": "2",
            "requester": "alice@example.com",
            "item": "A keyboard",
            "amount": 9900,
        },
    ),
    "rejected": Sample(
        summary="A purchase that is rejected",
        request={
            "purchase_id": "3",
            "requester": "bob@example.com",
            "item": "A sofa",
            "amount": 250000,
            "currency": "CHF",
            "approver": "chandra",
        },
        events=[
            SampleEvent(
                event="approval",
                payload={"approved": False, "approver": "chandra", "comment": "Too soft"},
            )
        ],
    ),
    "cancelled": Sample(
        summary="No decision in time; the approver is reminded at half of it",
        request={
            "purchase_id": "4",
            "requester": "bob@example.com",
            "item": "A projector",
            "amount": 180000,
            "approver": "dana",
            "decide_within_seconds": 6,
        },
    ),
    "refused": Sample(
        summary="No approver is available: the one named is away",
        request={
            "purchase_id": "5",
            "requester": "bob@example.com",
            "item": "A server",
            "amount": 480000,
            "approver": "emil",
        },
    ),
}
