"""The running system as its users reach it: three HTTP APIs."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

SERVICES = ("orchestrator", "assigner", "notifier")
TERMINAL = {"COMPLETED", "FAILED", "TERMINATED"}
# A restarted process, a wedged sidecar and a reminder that comes again all fit in.
PATIENCE = 120.0
# Seconds between two looks, which grow: a hundred waits at once are a load on the system.
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 0.2


@dataclass(frozen=True)
class System:
    """Clients of the three services."""

    orchestrator: httpx.AsyncClient
    assigner: httpx.AsyncClient
    notifier: httpx.AsyncClient

    async def process(self, **task: Any) -> httpx.Response:
        """Start a task."""
        return await self.orchestrator.post("/tasks/process", json=task)

    async def start(self, path: str, **request: Any) -> str:
        """Start an instance at a workflow's path, and return its id."""
        answer = await self.orchestrator.post(path, json=request)
        assert answer.status_code in (200, 202), answer.text
        return answer.json()["instance_id"]

    async def purchase(self, approver: str | None = None, **more: Any) -> str:
        """Start a purchase that somebody must approve, and return it once it waits for that."""
        instance = await self.start(
            "/purchase-orders",
            purchase_id=unique(),
            requester=somebody(),
            item="A laptop",
            amount=129_900,
            approver=approver or somebody(),
            **more,
        )
        await self.waiting(instance, "approval")
        return instance

    async def send(self, instance_id: str, event: str, **payload: Any) -> httpx.Response:
        """Send an event to an instance."""
        return await self.orchestrator.post(
            f"/instances/{instance_id}/events/{event}", json=payload
        )

    async def status(self, instance_id: str) -> dict[str, Any]:
        """Return the status of an instance."""
        answer = await self.orchestrator.get(f"/instances/{instance_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def steps(self, instance_id: str) -> list[dict[str, Any]]:
        """Return the steps of an instance's history."""
        answer = await self.orchestrator.get(f"/instances/{instance_id}/history")
        assert answer.status_code == 200, answer.text
        return answer.json()["steps"]

    async def finished(self, instance_id: str) -> dict[str, Any]:
        """Return the status of an instance once it has ended."""

        async def look() -> dict[str, Any] | None:
            answer = await self.orchestrator.get(f"/instances/{instance_id}")
            # A service that was just killed may answer nothing yet; what it accepted is there.
            state = answer.json() if answer.status_code == 200 else {}
            return state if state.get("status") in TERMINAL else None

        return await eventually(look, f"{instance_id} to end")

    async def waiting(self, instance_id: str, event: str) -> dict[str, Any]:
        """Return the wait of an instance for an event, once it waits for it."""

        async def look() -> dict[str, Any] | None:
            state = await self.status(instance_id)
            waits = (state["custom_status"] or {}).get("waits", [])
            return next((wait for wait in waits if wait["event"] == event), None)

        return await eventually(look, f"{instance_id} to wait for {event}")

    async def at_step(self, instance_id: str, step: str) -> dict[str, Any]:
        """Return the status of an instance once it says that it is at `step`."""

        async def look() -> dict[str, Any] | None:
            state = await self.status(instance_id)
            return state if (state["custom_status"] or {}).get("step") == step else None

        return await eventually(look, f"{instance_id} to be at {step}")

    async def held(self, member: str) -> list[str]:
        """Return the keys of a member's open assignments; the count must agree."""
        items = await all_items(self.assigner, "/assignments", {"member": member})
        keys = [item["key"] for item in items if item["status"] == "held"]
        counted = (await self.assigner.get(f"/members/{member}")).json()["held"]
        assert counted == len(keys)
        return keys

    async def notification_keys(self, recipient: str) -> list[str]:
        """Return the keys of somebody's messages, the newest first."""
        return [message["key"] for message in await self.inbox(recipient)]

    async def subjects(self, recipient: str) -> list[str]:
        """Return the subjects of somebody's messages, the oldest first."""
        return [message["subject"] for message in reversed(await self.inbox(recipient))]

    async def inbox(self, recipient: str) -> list[dict[str, Any]]:
        """Return every message of an inbox."""
        return await all_items(self.notifier, f"/inbox/{recipient}", {})


@asynccontextmanager
async def connect(
    urls: Mapping[str, str],
    headers: Mapping[str, Mapping[str, str]] | None = None,
    *,
    keep_alive: bool = True,
) -> AsyncIterator[System]:
    """Yield the system behind these base URLs, by service.

    Args:
        urls: The base URLs.
        headers: What is sent to each service.
        keep_alive: Whether a connection serves more than one request.
    """
    # The first is httpx' own default, and the second where connections are kept.
    limits = httpx.Limits(max_connections=100, max_keepalive_connections=20 if keep_alive else 0)
    async with AsyncExitStack() as stack:
        clients = {
            name: await stack.enter_async_context(
                httpx.AsyncClient(
                    base_url=url,
                    timeout=30,
                    limits=limits,
                    trust_env=False,
                    headers=(headers or {}).get(name),
                )
            )
            for name, url in urls.items()
        }
        yield System(**clients)


async def all_items(
    client: httpx.AsyncClient, path: str, params: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return the items of every page of a list."""
    items: list[dict[str, Any]] = []
    params = {**params, "limit": 200}
    while True:
        answer = await client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items += page["items"]
        if page["next"] is None:
            return items
        params["before"] = page["next"]


async def eventually(
    look: Callable[[], Awaitable[Any]], what: str, within: float = PATIENCE
) -> Any:
    """Return what `look` finds, asking again until it finds something or `within` seconds pass."""
    deadline = time.monotonic() + within
    pause = FIRST_PAUSE
    while True:
        try:
            found = await look()
        except httpx.TransportError:
            found = None
        if found is not None:
            return found
        assert time.monotonic() < deadline, f"waited {within} s for {what}"
        await asyncio.sleep(pause)
        pause = min(1.5 * pause, LONGEST_PAUSE)


def unique(prefix: str = "t") -> str:
    """Return an id that no other test uses."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def somebody() -> str:
    """Return an e-mail address that no other test uses; it joins the open directory."""
    return f"{unique('member')}@example.com"
