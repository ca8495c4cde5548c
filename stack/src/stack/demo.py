"""A demonstration: one sample of a workflow, from its start to its result and effects."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from rich.console import Console
from rich.markup import escape

from stack.errors import StackError, UnknownSampleError

DEFAULT_WORKFLOW = "task"
_TERMINAL = {"COMPLETED", "FAILED", "TERMINATED"}
# Without progress; the longest pause in a sample is 15 s.
_PATIENCE_SECONDS = 90
# A step takes some 25 ms, and each is to be shown; later polls may be rarer.
_FIRST_POLL_SECONDS = 0.01
_LONGEST_POLL_SECONDS = 0.2


class Demo:
    """Runs one sample and shows its steps, result and effects.

    Args:
        urls: The services' base URLs, by app id.
        console: Takes the output.
        client: Sends the requests.
        workflow: The workflow's short name, as in `GET /workflows`.
        sample: The name of the sample; None for the first.
    """

    def __init__(
        self,
        urls: dict[str, str],
        console: Console,
        client: httpx.AsyncClient,
        workflow: str = DEFAULT_WORKFLOW,
        sample: str | None = None,
    ) -> None:
        self._urls = urls
        self._console = console
        self._client = client
        self._workflow = workflow
        self._sample = sample

    async def show(self) -> bool:
        """Run the sample; return whether it ended as it should.

        Raises:
            StackError: There is no such sample, or the system refused it, did not answer, or did
                not finish it in time.
        """
        try:
            return await self._run()
        except httpx.TransportError as error:
            raise StackError(f"No answer from {error.request.url}: {error!r}") from error

    async def _run(self) -> bool:
        workflow, sample = await self._choose()
        location, instance = await self._submit(workflow, sample)
        status = await self._follow(location, instance, sample["events"])
        output = status["output"] if isinstance(status["output"], dict) else {}
        ended = status["status"] == "COMPLETED"
        good = ended and sample["outcome"] in (None, output.get("status"))
        outcome = output.get("status", status["status"].lower()) if ended else status["status"]
        self._say(f"  ended [bold {'green' if good else 'red'}]{outcome}[/]")
        self._show_resource("result", status["output"] if ended else status["error"])
        await self._show_effects(instance)
        return good

    async def _choose(self) -> tuple[dict[str, Any], dict[str, Any]]:
        answer = await self._get(f"{self._urls['orchestrator']}/workflows")
        workflows = {workflow["name"]: workflow for workflow in answer.json()}
        workflow = _entry(workflows, self._workflow, "workflow")
        samples = workflow["samples"]
        return workflow, _entry(samples, self._sample or next(iter(samples)), "sample")

    async def _submit(self, workflow: dict[str, Any], sample: dict[str, Any]) -> tuple[str, str]:
        request = {**sample["request"], workflow["id_field"]: f"demo-{uuid.uuid4().hex[:8]}"}
        self._say(f"\n{workflow['title']}: {escape(sample['summary'])}")
        answer = await self._post(f"{self._urls['orchestrator']}{workflow['start']}", request)
        if answer.status_code not in (httpx.codes.ACCEPTED, httpx.codes.OK):
            raise StackError(f"It was refused with {answer.status_code}: {answer.text}")
        instance = str(answer.json()["instance_id"])
        self._say(f"  accepted as {instance}")
        return answer.headers["Location"], instance

    async def _post(self, url: str, body: dict[str, Any]) -> httpx.Response:
        """Post a request; repeating it starts nothing twice."""
        return await self._persist(lambda: self._client.post(url, json=body, timeout=30))

    async def _get(self, url: str, **params: Any) -> httpx.Response:
        return await self._persist(lambda: self._client.get(url, params=params))

    async def _persist(self, request: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
        """Send a request, again while nobody answers or the answer is 503.

        After a crash the scheduler waits until the lease of its predecessor expires, 20 s.
        """
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                answer = await request()
            except httpx.TransportError as error:
                if time.monotonic() > deadline:
                    raise
                reason, pause = f"no answer ({type(error).__name__})", 1.0
            else:
                unavailable = answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
                if not unavailable or time.monotonic() > deadline:
                    return answer
                reason = answer.json().get("detail", answer.text)
                pause = float(answer.headers.get("Retry-After", 1))
            self._say(escape(f"  not yet: {reason}"))
            await asyncio.sleep(pause)

    async def _follow(
        self, location: str, instance: str, events: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """Show each step until the end, and send the sample's events when they are waited for."""
        url = f"{self._urls['orchestrator']}/instances/{instance}"
        to_send, shown, awaited_since = list(events), None, None
        changed, pause = time.monotonic(), _FIRST_POLL_SECONDS
        while (now := time.monotonic()) < changed + _PATIENCE_SECONDS:
            status = await self._status(url)
            progress = status.get("custom_status") or {}
            if progress and progress != shown:
                shown, changed, pause = progress, now, _FIRST_POLL_SECONDS
                self._say(_format_progress(progress))
            if status.get("status") in _TERMINAL:
                return status
            # Since it first waited for the event: an eternal workflow progresses meanwhile.
            if not to_send or not _awaits(progress, to_send[0]):
                awaited_since = None
            elif now - (awaited_since := awaited_since or now) >= to_send[0]["after_seconds"]:
                await self._send(instance, to_send.pop(0))
                awaited_since = None
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_POLL_SECONDS)
        raise StackError(
            f"{instance} has made no progress for {_PATIENCE_SECONDS} s; see "
            f"{self._urls['orchestrator']}{location}"
        )

    async def _status(self, url: str) -> dict[str, Any]:
        """Return an instance's status; an empty one while nobody answers, as in a restart."""
        try:
            answer = await self._client.get(url)
        except httpx.TransportError:
            return {}
        return answer.json() if answer.is_success else {}

    async def _send(self, instance: str, event: dict[str, Any]) -> None:
        self._say(escape(f"  send {event['event']}: {event['payload']}"))
        url = f"{self._urls['orchestrator']}/instances/{instance}/events/{event['event']}"
        answer = await self._post(url, event["payload"])
        if not answer.is_success:
            raise StackError(f"The event was refused with {answer.status_code}: {answer.text}")

    async def _show_effects(self, instance: str) -> None:
        """Show the resources at the peers, for steps may be faster than the polling."""
        assignment = await self._get(f"{self._urls['assigner']}/assignments/{instance}:assign")
        if not assignment.is_success:
            return
        self._show_resource("assignment", assignment.json())
        inbox = await self._get(
            f"{self._urls['notifier']}/inbox/{assignment.json()['email']}", limit=1
        )
        if inbox.is_success:
            self._show_resource("newest message of the inbox", inbox.json()["items"])

    def _show_resource(self, label: str, resource: object) -> None:
        self._say(f"  {label}:")
        self._console.print_json(data=resource)

    def _say(self, text: str) -> None:
        self._console.print(text, highlight=False)


def _entry(entries: dict[str, Any], name: str, kind: str) -> dict[str, Any]:
    try:
        return entries[name]  # type: ignore[no-any-return]
    except KeyError:
        known = ", ".join(entries)
        raise UnknownSampleError(f"There is no {kind} {name!r}; there are: {known}") from None


def _format_progress(progress: dict[str, Any]) -> str:
    """Return a line on a step; details that are lists or objects are for the result."""
    details = ", ".join(
        f"{name} {value}"
        for name, value in progress.get("details", {}).items()
        if value is not None and not isinstance(value, list | dict)
    )
    end = f" ({details})" if details else ""
    return escape(f"  {progress['step']}: {progress['message']}{end}")


def _awaits(progress: dict[str, Any], event: dict[str, Any]) -> bool:
    return event["event"] in {wait["event"] for wait in progress.get("waits", [])}
