"""The suite's client: it records each call, and takes every refusal but 503 as final."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

# A process may be suspended for 30 s, and a request has 30 s by its own setting
# (REQUEST_TIMEOUT_SECONDS): who has heard nothing after both was left hanging.
ANSWER_WITHIN = 65.0
# Retry-After is honoured up to here, for a run is short.
LONGEST_PAUSE = 2.0
FIRST_PAUSE = 0.2


@dataclass
class Call:
    """A request and its answer.

    Args:
        subject: What it is about: a case's id.
        method: Its method.
        path: Its path.
        body: What was sent.
        began: Seconds since the recorder was made.
        ended: The same; None while it is under way.
        status: None where no answer came.
        answer: What was answered, as JSON or text.
    """

    subject: str
    method: str
    path: str
    body: Any
    began: float
    ended: float | None = None
    status: int | None = None
    answer: Any = None


@dataclass
class Recorder:
    """Every call of a run, and every answer that no client should get."""

    calls: list[Call] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def now(self) -> float:
        """Return the seconds since the recorder was made."""
        return time.monotonic() - self.began


class Final(Exception):
    """A refusal that a client believes."""


class Client:
    """Calls the orchestrator's API, and repeats what got no answer, or 503.

    Attributes:
        recorder: Has every call.
        lose_answers: While it is set, the first success of a request that changes something
            counts as lost, so that the request is repeated.
        lost: How many answers were lost so.
    """

    def __init__(self, http: httpx.AsyncClient, recorder: Recorder) -> None:
        """Send by `http`, and note each call in `recorder`."""
        self._http = http
        self.recorder = recorder
        self.lose_answers = False
        self.lost = 0

    async def get(self, subject: str, path: str) -> httpx.Response:
        """Read until there is an answer."""
        return await self.persist(subject, "GET", path)

    async def persist(
        self,
        subject: str,
        method: str,
        path: str,
        body: Any = None,
        allowed: Collection[int] = (),
    ) -> httpx.Response:
        """Send a request until it succeeds, and return the answer.

        Args:
            subject: What it is about.
            method: Its method.
            path: Its path.
            body: Its body, as JSON.
            allowed: Refusals that are right answers, too.

        Raises:
            Final: It was refused.
        """
        pause, lose = FIRST_PAUSE, self.lose_answers and method != "GET"
        while True:
            answer = await self._send(subject, method, path, body)
            if answer is not None and answer.status_code != 503:
                if not (answer.is_success or answer.status_code in allowed):
                    wrong = f"{method} {path}: {answer.status_code} {answer.text[:300]}"
                    self.recorder.wrong.append(f"{subject}: refused, {wrong}")
                    raise Final(wrong)
                if not lose:
                    return answer
                lose = False
                self.lost += 1
                continue
            await asyncio.sleep(pause)
            pause = min(1.5 * pause, LONGEST_PAUSE)

    async def _send(self, subject: str, method: str, path: str, body: Any) -> httpx.Response | None:
        recorder = self.recorder
        call = Call(subject, method, path, body, recorder.now())
        recorder.calls.append(call)
        try:
            answer = await self._http.request(method, path, json=body)
        except httpx.TimeoutException:
            recorder.wrong.append(f"{subject}: no answer in {ANSWER_WITHIN} s, {method} {path}")
            return None
        except httpx.TransportError:
            return None
        finally:
            call.ended = recorder.now()
        call.status = answer.status_code
        if method != "GET":
            call.answer = _json_or_text(answer)
        if answer.status_code == 503 and not answer.headers.get("retry-after"):
            recorder.wrong.append(f"{subject}: 503 without Retry-After, {method} {path}")
        return answer


def _json_or_text(answer: httpx.Response) -> Any:
    kind = answer.headers.get("content-type", "")
    return answer.json() if kind.endswith("json") else answer.text[:300]


@asynccontextmanager
async def connect_client(
    url: str, recorder: Recorder, *, keep_alive: bool = True
) -> AsyncIterator[Client]:
    """Yield a client of the orchestrator at `url`, and `keep_alive` of its connections or not."""
    kept = 50 if keep_alive else 0
    limits = httpx.Limits(max_connections=400, max_keepalive_connections=kept)
    timeout = httpx.Timeout(ANSWER_WITHIN)
    async with httpx.AsyncClient(
        base_url=url, timeout=timeout, limits=limits, trust_env=False
    ) as http:
        yield Client(http, recorder)
