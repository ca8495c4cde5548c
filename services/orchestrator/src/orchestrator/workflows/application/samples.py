"""Applications that run as they stand: one for each route, one rejected, one that fails."""

from typing import Any

from orchestrator.schemas.workflows import Sample

GOOD = "Six years of Python and SQL, REST interfaces, Kubernetes and Redis."


def _request(number: int, text: str, **more: Any) -> dict[str, Any]:
    candidate = {"name": "Noor Haddad", "email": "noor@example.com"}
    ids = {"application_id": f"{number}", "position": "backend-engineer"}
    return {**ids, **candidate, "text": text, **more}


SAMPLES = {
    "high": Sample(summary="80 points: an interview", request=_request(1, GOOD)),
    "medium": Sample(summary="40 points: a review", request=_request(2, "I write Python and SQL.")),
    "low": Sample(
        summary="10 points: a courteous refusal", request=_request(3, "Ten years of C++.")
    ),
    "rejected": Sample(
        summary="There is no such position", request=_request(4, GOOD, position="astronaut")
    ),
    "failed": Sample(
        summary="The recruiter cannot be notified, and the assignment is released",
        request=_request(5, GOOD, simulate="recruiter-unreachable"),
    ),
}
