"""One sample of a workflow, started, followed, and sent the events that it waits for."""

import uuid
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from taskway.api import Api, url_path
from taskway.errors import Unavailable

ENDED = {"COMPLETED", "FAILED", "TERMINATED"}
JSON = dict[str, Any]


@dataclass(frozen=True)
class View:
    """What an instance said of itself at one time.

    Args:
        detail: The instance.
        steps: The steps of its history.
    """

    detail: JSON
    steps: list[JSON]

    @property
    def ended(self) -> bool:
        """Whether the instance has ended."""
        return self.detail["status"] in ENDED

    @property
    def progress(self) -> JSON:
        """What its custom status says."""
        return self.detail.get("custom_status") or {}

    @property
    def outcome(self) -> str:
        """How it ended: the status of its output, where that has one."""
        output = self.detail.get("output")
        own = output.get("status") if isinstance(output, dict) else None
        return str(own or self.detail["status"])

    def fingerprint(self) -> object:
        """Return a value that is another once the instance has gone on."""
        steps = [(s["event_id"], s["status"], len(s["attempts"])) for s in self.steps]
        return self.detail["status"], self.progress, steps, self.detail["created_at"]


@dataclass
class Run:
    """One instance of a workflow's sample.

    Args:
        api: The orchestrator.
        workflow: The workflow, as `GET /workflows` describes it.
        sample: The sample.
        id_: The id of the request.
    """

    api: Api
    workflow: JSON
    sample: JSON
    id_: str = field(default_factory=lambda: f"chaos-{uuid.uuid4().hex[:8]}")
    instance: str = ""

    def __post_init__(self) -> None:
        """Nothing was sent yet."""
        self._to_send = list(self.sample.get("events", []))
        self._awaited_since: float | None = None

    def start(self) -> None:
        """Start the instance; repeating it starts nothing.

        Raises:
            Unavailable: Nobody answered.
            CommandError: The request was refused.
        """
        body = {**self.sample["request"], self.workflow["id_field"]: self.id_}
        self.instance = self.api.post(self.workflow["start"], body)["instance_id"]

    def look(self) -> View | None:
        """Return what the instance says of itself; None while nobody answers."""
        path = url_path("instances", self.instance)
        try:
            return View(self.api.get(path), self.api.get(f"{path}/history")["steps"])
        except Unavailable:
            return None

    def send_due_event(self, view: View) -> str | None:
        """Send the sample's next event once it was waited for long enough, and return its name.

        An event without an answer is sent again under the same key, and counts once.
        """
        event = self._to_send[0] if self._to_send else None
        waits = {wait["event"] for wait in view.progress.get("waits", [])}
        if event is None or event["event"] not in waits:
            self._awaited_since = None
            return None
        now = monotonic()
        self._awaited_since = self._awaited_since or now
        if now - self._awaited_since < event["after_seconds"]:
            return None
        path = url_path("instances", self.instance, "events", event["event"])
        key = f"{self.instance}-{len(self._to_send)}"
        try:
            self.api.post(path, event["payload"], idempotency_key=key)
        except Unavailable:
            return None
        del self._to_send[0]
        self._awaited_since = None
        return str(event["event"])
