"""Tracked tasks that run as they stand."""

from orchestrator.schemas.workflows import Sample, SampleEvent

SAMPLES = {
    "done": Sample(
        summary="A task that is done soon after its reminder",
        request={
            "task_id": "42",
            "title": "Review the quarterly report",
            "assignee": "alice@example.com",
            "due_in_seconds": 60,
            "remind_before_seconds": 57,
        },
        events=[
            SampleEvent(
                event="done",
                payload={"by": "alice@example.com", "comment": "Two remarks inside"},
                after_seconds=6,
            )
        ],
    ),
    "overdue": Sample(
        summary="A task that is overdue: reminded, escalated, and done in the end",
        request={
            "task_id": "43",
            "title": "Pay the invoice",
            "assignee": "dana@example.com",
            "due_in_seconds": 4,
            "remind_before_seconds": 2,
            "escalate_to": "alice@example.com",
        },
        events=[SampleEvent(event="done", payload={"by": "dana@example.com"}, after_seconds=8)],
    ),
    "stubborn": Sample(
        summary="A reminder that fails more often than Dapr retries by default, and succeeds",
        request={
            "task_id": "44",
            "title": "Fix the build",
            "skills": ["python"],
            "due_in_seconds": 3600,
            "remind_before_seconds": 3600,
            "simulate": "reminder_fails",
        },
        events=[SampleEvent(event="done", payload={"by": "bob@example.com"}, after_seconds=12)],
    ),
    "cancelled": Sample(
        summary="A task that is cancelled before it is due",
        request={
            "task_id": "45",
            "title": "Book the room",
            "assignee": "alice@example.com",
            "due_in_seconds": 3600,
            "remind_before_seconds": 60,
        },
        events=[
            SampleEvent(
                event="cancel",
                payload={"by": "chandra@example.com", "reason": "The meeting is off"},
            )
        ],
    ),
    "rejected": Sample(
        summary="A task that is rejected: it has no title",
        request={"task_id": "46", "title": "", "assignee": "alice@example.com"},
    ),
}
