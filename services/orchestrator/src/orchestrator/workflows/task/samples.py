"""Tasks that run as they stand."""

from orchestrator.schemas.workflows import Sample
from orchestrator.workflows.task.models import TaskOutcome

SAMPLES = {
    "completed": Sample(
        summary="A task for Alice",
        request={
            "task_id": "42",
            "title": "Review the quarterly report",
            "assignee": "alice@example.com",
        },
        outcome=TaskOutcome.COMPLETED,
    ),
    "by skills": Sample(
        summary="A task of high priority, for a member who has the skills",
        request={
            "task_id": "43",
            "title": "Fix the build",
            "skills": ["python"],
            "priority": "high",
            "due": "2030-01-31T17:00:00+01:00",
        },
        outcome=TaskOutcome.COMPLETED,
    ),
    "rejected": Sample(
        summary="A task that is rejected: it has no title",
        request={"task_id": "44", "title": "", "assignee": "alice@example.com"},
        outcome=TaskOutcome.REJECTED,
    ),
}
