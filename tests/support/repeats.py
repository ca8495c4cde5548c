"""A request for each route that changes something, whose repeat must be answered as the first."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from support.monitors import watch
from support.samples import catalogue
from support.system import System, eventually, somebody, unique

WHY: dict[str, Any] = {"reason": "to repeat it", "by": "olga"}
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Sent:
    """A request, which goes to the route that it is for.

    Args:
        path: Its path.
        body: Its body, as JSON.
        params: Its query.
        needs_key: Whether only an Idempotency-Key says that a repeat is one.
        ends: The instance that it ends, after which it is repeated once more.
        refused: The status of the refusal that it gets, and its repeat as well.
    """

    path: str
    body: Any = None
    params: dict[str, Any] = field(default_factory=dict)
    needs_key: bool = False
    ends: str | None = None
    refused: int | None = None


Prepare = Callable[[System], Awaitable[Sent]]


async def routes(system: System) -> set[str]:
    """Return the method and the path of each route that changes something."""
    document = (await system.orchestrator.get("/openapi.json")).json()
    return {
        f"{method.upper()} {path}"
        for path, operations in document["paths"].items()
        for method in operations
        if method.upper() in UNSAFE
    }


async def prepared(system: System, route: str) -> Sent:
    """Return a request for a route, once all that it needs is there.

    Raises:
        KeyError: There is none for the route: add one.
    """
    starts = {f"POST {w['start']}": w for w in (await catalogue(system)).values()}
    if workflow := starts.get(route):
        sample = next(iter(workflow["samples"].values()))
        return Sent(workflow["start"], {**sample["request"], workflow["id_field"]: unique()})
    return await CASES[route](system)


async def _constant(path: str, body: Any, _: System) -> Sent:
    return Sent(path.format(unique()), body)


async def _deposit(_: System) -> Sent:
    return Sent(f"/wallets/{somebody()}/deposits/{unique()}", {"amount": 100})


async def _deleted(collection: str, body: dict[str, Any], system: System) -> Sent:
    path = f"/{collection}/{unique()}"
    put = await system.orchestrator.put(path, json=body)
    assert put.is_success, put.text
    return Sent(path)


async def _approval(path: str, wrapped: bool, system: System) -> Sent:
    instance = await system.purchase()
    decision = {"approved": True, "approver": "dana"}
    body = {"by": "dana", "payload": decision} if wrapped else decision
    return Sent(path.format(instance), body, ends=instance)


async def _stop(system: System) -> Sent:
    instance, _ = await watch(system)
    await system.waiting(instance, "stop")
    return Sent(f"/monitors/{instance}/stop", {"reason": "Seen", "by": "bo"}, ends=instance)


async def _onboarding(event: str, system: System) -> Sent:
    request = {"onboarding_id": unique(), "customer_id": unique("customer"), "name": "Ada"}
    instance = await system.start("/onboardings", **request, email=somebody(), verifier=somebody())
    await system.waiting(instance, "document")
    kinds = [{"kind": k, "reference": "scan.pdf"} for k in ("identity_card", "proof_of_address")]
    if event == "document":
        return Sent(f"/onboardings/{instance}/document", kinds[0])
    for document in kinds:
        assert (await system.send(instance, "document", **document)).status_code == 200
    await system.waiting(instance, "identity")
    body = {"verified": True, "verifier": "alice"}
    return Sent(f"/onboardings/{instance}/identity", body, ends=instance)


async def _review(system: System) -> Sent:
    question = "Which is the largest lake of Mars?"
    instance = await system.start(
        "/research", research_id=unique(), question=question, requester=somebody()
    )
    await system.waiting(instance, "review")
    body = {"decision": "approve", "reviewer": "bob@example.com"}
    return Sent(f"/research/{instance}/review", body, ends=instance)


async def _tracked(event: str, system: System) -> Sent:
    instance = await system.start("/tasks", task_id=unique(), title="T", assignee=somebody())
    await system.waiting(instance, event)
    return Sent(f"/tasks/{instance}/{event}", {"by": "alice"}, ends=instance)


async def _operation(operation: str, system: System) -> Sent:
    instance = await system.purchase()
    if operation == "resume":
        paused = await system.orchestrator.post(f"/instances/{instance}/pause", json=WHY)
        assert paused.status_code == 200, paused.text
    return Sent(f"/instances/{instance}/{operation}", WHY)


async def _ended(system: System) -> str:
    instance = await system.start(
        "/tasks/process", task_id=unique(), title="T", assignee=somebody()
    )
    await system.finished(instance)
    return instance


async def _rerun(system: System) -> Sent:
    return Sent(f"/instances/{await _ended(system)}/rerun", WHY | {"new_id": unique()})


async def _purge(system: System) -> Sent:
    return Sent(f"/instances/{await _ended(system)}", params=WHY)


async def _remove_intact(system: System) -> Sent:
    """Nothing is torn here: tests/faults/test_full_store.py removes what is."""
    return Sent(f"/instances/{await _ended(system)}/remove-torn", WHY, refused=409)


async def _bulk(system: System) -> Sent:
    body = WHY | {"operation": "terminate", "filter": {"id_prefix": await system.purchase()}}

    async def listed() -> dict[str, Any] | None:
        dry = (await system.orchestrator.post("/instances:batch", json=body)).json()
        return dry if dry["count"] == 1 else None

    dry = await eventually(listed, "the instance to be listed")
    confirmed = {"confirm": dry["count"], "confirm_digest": dry["digest"]}
    return Sent("/instances:batch", body | confirmed, needs_key=True)


async def _claim(action: str, system: System) -> Sent:
    instance = await system.purchase()
    path = f"/waiting/{instance}/approval"
    if action == "release":
        claimed = await system.orchestrator.post(f"{path}/claim", json={"by": "olga"})
        assert claimed.status_code == 200, claimed.text
    return Sent(f"{path}/{action}", {"by": "olga"})


async def _start_by_name(_: System) -> Sent:
    return Sent("/start/ada", needs_key=True)


SCHEDULE = {
    "workflow": "task",
    "request": {"title": "T", "assignee": "alice@example.com"},
    "every_seconds": 3_600,
}


async def _schedule(action: str, system: System) -> Sent:
    sent = await _deleted("schedules", SCHEDULE, system)
    if action == "resume":
        paused = await system.orchestrator.post(f"{sent.path}/pause")
        assert paused.status_code == 200, paused.text
    return Sent(f"{sent.path}/{action}")


CASES: dict[str, Prepare] = {
    "POST /start/{user_name}": _start_by_name,
    "PUT /stock/{sku}/deliveries/{delivery_id}": partial(
        _constant, "/stock/pencil/deliveries/{}", {"quantity": 1}
    ),
    "PUT /wallets/{customer}/deposits/{deposit_id}": _deposit,
    "PUT /documents/{document_id}": partial(_constant, "/documents/{}", {"text": "A letter"}),
    "DELETE /documents/{document_id}": partial(_deleted, "documents", {"text": "A letter"}),
    "PUT /notes/{note_id}": partial(_constant, "/notes/{}", {"title": "T", "text": "U"}),
    "DELETE /notes/{note_id}": partial(_deleted, "notes", {"title": "T", "text": "U"}),
    "PUT /schedules/{schedule_id}": partial(_constant, "/schedules/{}", SCHEDULE),
    "DELETE /schedules/{schedule_id}": partial(_deleted, "schedules", SCHEDULE),
    "POST /schedules/{schedule_id}/pause": partial(_schedule, "pause"),
    "POST /schedules/{schedule_id}/resume": partial(_schedule, "resume"),
    "POST /purchase-orders/{instance_id}/approval": partial(
        _approval, "/purchase-orders/{}/approval", False
    ),
    "POST /instances/{instance_id}/events/{event}": partial(
        _approval, "/instances/{}/events/approval", False
    ),
    "POST /waiting/{instance_id}/{event}/decide": partial(
        _approval, "/waiting/{}/approval/decide", True
    ),
    "POST /waiting/{instance_id}/{event}/claim": partial(_claim, "claim"),
    "POST /waiting/{instance_id}/{event}/release": partial(_claim, "release"),
    "POST /monitors/{instance_id}/stop": _stop,
    "POST /onboardings/{instance_id}/document": partial(_onboarding, "document"),
    "POST /onboardings/{instance_id}/identity": partial(_onboarding, "identity"),
    "POST /research/{instance_id}/review": _review,
    "POST /tasks/{instance_id}/done": partial(_tracked, "done"),
    "POST /tasks/{instance_id}/cancel": partial(_tracked, "cancel"),
    "POST /instances/{instance_id}/pause": partial(_operation, "pause"),
    "POST /instances/{instance_id}/resume": partial(_operation, "resume"),
    "POST /instances/{instance_id}/terminate": partial(_operation, "terminate"),
    "POST /instances/{instance_id}/rerun": _rerun,
    "DELETE /instances/{instance_id}": _purge,
    "POST /instances/{instance_id}/remove-torn": _remove_intact,
    "POST /instances:batch": _bulk,
}
"""By route; those that start a workflow take the workflow's sample."""
