"""A plausible request for each route of the orchestrator, from its OpenAPI document."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from support.system import somebody, unique

# What has an example in the document uses that; the others have no body, or one of these.
BODIES: Mapping[str, dict[str, Any]] = {
    "put /stock/{sku}/deliveries/{delivery_id}": {"quantity": 1},
    "put /wallets/{customer}/deposits/{deposit_id}": {"amount": 100},
    "put /documents/{document_id}": {"text": "An invoice of 12 EUR"},
    "put /notes/{note_id}": {"title": "A note", "text": "Something that is known"},
    "post /instances/{instance_id}/events/{event}": {"approved": True, "approver": "bo"},
    "post /instances/{instance_id}/rerun": {"reason": "a test", "new_id": "again"},
    "post /instances:batch": {"operation": "pause", "filter": {}, "reason": "a test"},
    "post /waiting/{instance_id}/{event}/claim": {"by": "bo"},
    "post /waiting/{instance_id}/{event}/release": {"by": "bo"},
    "post /waiting/{instance_id}/{event}/decide": {
        "by": "bo",
        "payload": {"approved": True, "approver": "bo"},
    },
    "put /schedules/{schedule_id}": {
        "workflow": "task",
        "request": {"title": "T", "assignee": "bo@example.com"},
        "every_seconds": 3_600,
    },
}
OPERATION = {"reason": "a test", "by": "bo"}


@dataclass(frozen=True)
class RouteRequest:
    """A request, and the route that it is for."""

    route: str
    method: str
    path: str
    params: dict[str, str]
    body: dict[str, Any] | None

    @property
    def streams(self) -> bool:
        """Whether its answer goes on until somebody ends it."""
        return self.path.endswith("/stream")


def plausible_requests(openapi: dict[str, Any], instance_id: str) -> Iterator[RouteRequest]:
    """Yield a request for each route.

    Args:
        openapi: The document of the orchestrator.
        instance_id: An instance that waits for an approval.
    """
    values = {
        "instance_id": instance_id,
        "event": "approval",
        "number": "1",
        "task_id": unique(),
        "user_name": unique("ada"),
        # Goods and a customer of the samples.
        "sku": "pencil",
        "customer": "kim@example.com",
    }
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            route = f"{method} {path}"
            parameters = operation.get("parameters", [])
            in_path = {p["name"] for p in parameters if p["in"] == "path"}
            required = {p["name"] for p in parameters if p["in"] == "query" and p.get("required")}
            yield RouteRequest(
                route=route,
                method=method.upper(),
                path=path.format(**{name: values.get(name, unique("x")) for name in in_path}),
                params=dict.fromkeys(required, "a test"),
                body=_body(route, operation),
            )


def _body(route: str, operation: dict[str, Any]) -> dict[str, Any] | None:
    if "requestBody" not in operation:
        return None
    media = operation["requestBody"]["content"]["application/json"]
    examples = [example["value"] for example in media.get("examples", {}).values()]
    body = dict(examples[0]) if examples else dict(BODIES.get(route, OPERATION))
    # Nobody else may use the ids of these.
    for name in body:
        if name.endswith("_id"):
            body[name] = unique()
    if "assignee" in body:
        body["assignee"] = somebody()
    return body
