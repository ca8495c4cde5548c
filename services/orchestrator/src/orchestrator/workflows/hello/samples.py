"""Greetings that run as they stand: one for each way that they end."""

from orchestrator.schemas.workflows import Sample

SAMPLES = {
    "completed": Sample(summary="A greeting", request={"hello_id": "1", "user_name": "ada"}),
    "retried": Sample(
        summary="A step fails twice, and succeeds at the third attempt",
        request={"hello_id": "2", "user_name": "ada", "simulate": "retries"},
    ),
    "compensated": Sample(
        summary="A step fails permanently, and the greeting is taken back",
        request={"hello_id": "3", "user_name": "ada", "simulate": "failure"},
    ),
}
