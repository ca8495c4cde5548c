"""A fake of the orchestrator's API."""

import json
from collections import deque
from typing import Any

import httpx

WORKFLOW: dict[str, Any] = {
    "name": "task",
    "start": "/tasks/process",
    "id_field": "task_id",
    "description": "Assigns",
    "events": [],
    "input_schema": {
        "$defs": {"Place": {"type": "object", "properties": {"room": {"type": "string"}}}},
        "properties": {
            "task_id": {"type": "string"},
            "title": {"type": "string"},
            "due": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "hours": {"type": "integer"},
            "skills": {"type": "array", "items": {"type": "string"}},
            "place": {"anyOf": [{"$ref": "#/$defs/Place"}, {"type": "null"}]},
        },
    },
    "samples": {
        "completed": {"summary": "A task", "request": {"task_id": "42", "title": "T"}},
        "by skills": {"summary": "For [one] who can", "request": {"task_id": "43", "title": "S"}},
    },
}


class FakeOrchestrator:
    """Answers by method and path, and records requests; a deque has one answer per call."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], Any] = {("GET", "/workflows"): [WORKFLOW]}
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.get((request.method, request.url.path))
        if isinstance(answer, deque):
            answer = answer.popleft()
        if answer is None:
            problem = {"title": "There is no such resource", "detail": "nothing [here]"}
            return httpx.Response(404, json=problem)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    def bodies(self) -> list[Any]:
        return [json.loads(r.content) for r in self.requests if r.content]
