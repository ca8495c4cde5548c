"""The jobs of Dapr's scheduler, read from and written to its etcd by etcd's JSON API.

Dapr's own `dapr scheduler export` and `import` move the same keys: jobs, and the counters of those
that repeat. An etcd snapshot would need etcd's own tools to be restored, and as many members.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from stack.backup.encoding import decode, encode, successor
from stack.errors import StackError

# Counters before jobs: a job that is found without its counter begins to count anew.
_COUNTERS, _JOBS = "dapr/counters/", "dapr/jobs/"
# Whose they are: actors', which workflows are, or an application's.
_OWNERS = ("actorreminder", "app")
_PAGE = 500
_ANSWER_SECONDS = 30


class SchedulerJobs:
    """The pending jobs of a namespace in a scheduler, which may have those of others.

    Args:
        etcd: The base URL of its etcd.
        namespace: Dapr's, which is `default` without Kubernetes.
        transport: Replaces HTTP.
    """

    def __init__(
        self,
        etcd: str,
        namespace: str = "default",
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._prefixes = [
            f"{kind}{owner}||{namespace}||".encode()
            for kind in (_COUNTERS, _JOBS)
            for owner in _OWNERS
        ]
        self._client = httpx.Client(
            base_url=etcd, timeout=_ANSWER_SECONDS, trust_env=False, transport=transport
        )

    def __enter__(self) -> "SchedulerJobs":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def revision(self) -> int:
        """Return the revision of etcd as of now: a point in time that can be read later.

        Raises:
            StackError: The scheduler does not answer.
        """
        answer = self._post("range", {"key": encode(self._prefixes[0]), "limit": 1})
        return int(answer["header"]["revision"])

    def export(self, revision: int, file: Path) -> int:
        """Write the jobs of a revision to a file, a JSON object of `key` and `value` a line.

        Args:
            revision: As `revision` returned it.
            file: Created; both fields are in base64, as in etcd's API.

        Returns:
            How many jobs there are.

        Raises:
            StackError: The scheduler does not answer, or has removed the revision meanwhile.
        """
        jobs = 0
        with file.open("x", encoding="ascii") as lines:
            for prefix in self._prefixes:
                for pair in self._pairs(prefix, revision):
                    lines.write(json.dumps({"key": pair["key"], "value": pair["value"]}) + "\n")
                    jobs += prefix.startswith(_JOBS.encode())
        return jobs

    def load(self, file: Path) -> None:
        """Write the jobs of a file to the scheduler.

        Raises:
            StackError: The scheduler does not answer, or has jobs of its own.
        """
        for prefix in self._prefixes:
            if int(self._range(prefix, limit=1).get("count", 0)):
                raise StackError("The scheduler has jobs: jobs are restored into an empty one.")
        with file.open(encoding="ascii") as lines:
            for line in lines:
                # One a request: the scheduler tells jobs apart by the revision that wrote them,
                # and takes those of one transaction for each other (seen with 1.18.2).
                self._post("put", json.loads(line))

    def _pairs(self, prefix: bytes, revision: int) -> Iterator[dict[str, str]]:
        start = prefix
        while True:
            answer = self._range(prefix, start=start, revision=revision, limit=_PAGE)
            found = answer.get("kvs", [])
            for pair in found:
                # Protobuf's JSON leaves out what is empty.
                yield {"value": "", **pair}
            if not answer.get("more"):
                return
            start = decode(found[-1]["key"]) + b"\0"

    def _range(self, prefix: bytes, *, start: bytes | None = None, **more: int) -> dict[str, Any]:
        end = encode(successor(prefix))
        return self._post("range", {"key": encode(start or prefix), "range_end": end, **more})

    def _post(self, call: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = self._client.post(f"/v3/kv/{call}", json=body)
        except httpx.HTTPError as error:
            raise StackError(f"The scheduler's etcd does not answer: {error}") from error
        if not answer.is_success:
            raise StackError(f"The scheduler's etcd refuses a request: {answer.text.strip()}")
        result: dict[str, Any] = answer.json()
        return result
