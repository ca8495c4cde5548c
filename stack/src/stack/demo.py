"""A sample task, followed from its acceptance to its effects."""

import asyncio
import time
import uuid
from typing import Any

import httpx
from rich.console import Console
from rich.markup import escape

from stack.errors import StackError

ASSIGNEE = "alice@example.com"
_TERMINAL = {"COMPLETED", "FAILED", "TERMINATED"}
_DEADLINE_SECONDS = 60
# A step takes some 25 ms, and each is to be seen.
_POLL_SECONDS = 0.01


class SampleTask:
    """Sends one task through the system and shows what becomes of it.

    Args:
        urls: The services' base URLs, by app id.
        console: Where it is shown.
        client: Talks to the services.
    """

    def __init__(self, urls: dict[str, str], console: Console, client: httpx.AsyncClient) -> None:
        self._urls = urls
        self._console = console
        self._client = client

    async def show(self) -> bool:
        """Run the task; return whether it ended `completed`.

        Raises:
            StackError: The system refused the task, did not answer, or did not finish it in time.
        """
        try:
            return await self._run()
        except httpx.TransportError as error:
            raise StackError(f"No answer from {error.request.url}: {error!r}") from error

    async def _run(self) -> bool:
        instance = await self._submit()
        status = await self._follow(instance)
        output = status.get("output") or {}
        outcome = output.get("status", status["status"])
        colour = "green" if outcome == "completed" else "red"
        self._say(f"  ended [bold {colour}]{outcome}[/]: {escape(output.get('message') or '')}")
        await self._show_effects(instance)
        return bool(outcome == "completed")

    async def _submit(self) -> str:
        task = {
            "task_id": f"demo-{uuid.uuid4().hex[:8]}",
            "title": "Review the quarterly report",
            "assignee": ASSIGNEE,
        }
        self._say(f"\nSample task: “{task['title']}”, for {task['assignee']}")
        answer = await self._post(f"{self._urls['orchestrator']}/tasks/process", task)
        if answer.status_code not in (httpx.codes.ACCEPTED, httpx.codes.OK):
            raise StackError(f"The task was refused with {answer.status_code}: {answer.text}")
        instance = str(answer.json()["instance_id"])
        self._say(f"  accepted as {instance}")
        return instance

    async def _post(self, url: str, task: dict[str, str]) -> httpx.Response:
        """Post the task, again while the answer is 'not yet': it starts nothing twice.

        After a crash the scheduler waits for the lease of its former self to end, 20 s.
        """
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while True:
            answer = await self._client.post(url, json=task, timeout=30)
            unavailable = answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
            if not unavailable or time.monotonic() > deadline:
                return answer
            self._say(escape(f"  not yet: {answer.json().get('detail', answer.text)}"))
            await asyncio.sleep(float(answer.headers.get("Retry-After", 1)))

    async def _follow(self, instance: str) -> dict[str, Any]:
        url = f"{self._urls['orchestrator']}/tasks/{instance}/status"
        deadline = time.monotonic() + _DEADLINE_SECONDS
        shown = None
        while time.monotonic() < deadline:
            answer = await self._client.get(url)
            if answer.is_success:
                status: dict[str, Any] = answer.json()
                step = status.get("custom_status") or {}
                if step and step != shown:
                    shown = step
                    self._say(escape(f"  {step.get('step', '')}: {step.get('message', '')}"))
                if status["status"] in _TERMINAL:
                    return status
            await asyncio.sleep(_POLL_SECONDS)
        raise StackError(f"{instance} did not end within {_DEADLINE_SECONDS} s; see {url}")

    async def _show_effects(self, instance: str) -> None:
        """Show what the peers hold, for the steps may have passed faster than we looked."""
        assignment = await self._client.get(
            f"{self._urls['assigner']}/assignments/{instance}:assign",
        )
        inbox = await self._client.get(
            f"{self._urls['notifier']}/inbox/{ASSIGNEE}", params={"limit": 1}
        )
        if assignment.is_success:
            self._show_resource("assigner holds", assignment.json())
        if inbox.is_success:
            self._show_resource("newest in the inbox", inbox.json()["items"])

    def _show_resource(self, label: str, resource: object) -> None:
        self._say(f"  {label}:")
        self._console.print_json(data=resource)

    def _say(self, text: str) -> None:
        self._console.print(text, highlight=False)
