"""What is written to recruiter and candidate on each route."""

from pydantic import BaseModel

from orchestrator.workflows.application.models import ApplicationOutcome, Route


class Texts(BaseModel):
    """The texts of one route; `{name}`, `{title}` and `{recruiter}` are filled in."""

    outcome: ApplicationOutcome
    task: str | None
    candidate: str


TEXTS = {
    Route.HIGH: Texts(
        outcome=ApplicationOutcome.INTERVIEW,
        task="Interview {name} for {title}",
        candidate="We would like to meet you: {recruiter} will write to you about an interview.",
    ),
    Route.MEDIUM: Texts(
        outcome=ApplicationOutcome.REVIEW,
        task="Review the application of {name} for {title}",
        candidate="{recruiter} is reading your application, and will write to you.",
    ),
    Route.LOW: Texts(
        outcome=ApplicationOutcome.DECLINED,
        task=None,
        candidate="Thank you for the time that you took. We have decided to go on with others "
        "whose experience is closer to what this position asks for, and wish you all the best.",
    ),
}
