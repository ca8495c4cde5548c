"""The jobs of a scheduler are read at one revision, and written as they were."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from stack.backup.encoding import decode, encode
from stack.backup.etcd import SchedulerJobs
from stack.errors import StackError

COUNTER, JOB = b"dapr/counters/app||default||", b"dapr/jobs/actorreminder||default||"


class Etcd(httpx.BaseTransport):
    """The part of etcd's JSON API that is used, with every revision of its keys."""

    def __init__(self) -> None:
        self.revisions: list[dict[bytes, bytes]] = [{}]
        self.written: list[bytes] = []

    def put(self, key: bytes, value: bytes) -> None:
        self.revisions.append({**self.revisions[-1], key: value})
        self.written.append(key)

    def delete(self, key: bytes) -> None:
        rest = {k: v for k, v in self.revisions[-1].items() if k != key}
        self.revisions.append(rest)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        if request.url.path == "/v3/kv/put":
            self.put(*(decode(body[name]) for name in ("key", "value")))
            return self._answer({})
        assert request.url.path == "/v3/kv/range"
        return self._answer(self._range(body))

    def _range(self, body: dict[str, Any]) -> dict[str, Any]:
        kept = self.revisions[body.get("revision", len(self.revisions) - 1)]
        first = decode(body["key"])
        end = decode(body["range_end"]) if "range_end" in body else first + b"\0"
        found = sorted(key for key in kept if first <= key < end)
        page = found[: body["limit"]]
        # As protobuf's JSON has it: without what is empty, and with numbers as texts.
        answer: dict[str, Any] = {"count": str(len(found))} if found else {}
        if page:
            answer["kvs"] = [
                {"key": encode(key), **({"value": encode(kept[key])} if kept[key] else {})}
                for key in page
            ]
        return {**answer, "more": True} if len(page) < len(found) else answer

    def _answer(self, body: dict[str, Any]) -> httpx.Response:
        return httpx.Response(
            200, json={"header": {"revision": str(len(self.revisions) - 1)}, **body}
        )


def jobs_of(etcd: Etcd) -> SchedulerJobs:
    return SchedulerJobs("http://etcd", transport=etcd)


def test_many_jobs_are_copied_as_of_one_revision(tmp_path: Path) -> None:
    etcd, new, file = Etcd(), Etcd(), tmp_path / "jobs"
    expected = {JOB + b"%d" % number: b"\x00\xff" * number for number in range(1203)}
    expected |= {COUNTER + b"a": b"1", JOB + b"\xff\xfe": b"not text"}
    for key, value in expected.items():
        etcd.put(key, value)
    for other in (b"dapr/leadership/a", b"dapr/jobs/app||other||a", b"dapr/jobs/app||default2||a"):
        etcd.put(other, b"of somebody else")
    with jobs_of(etcd) as scheduler:
        revision = scheduler.revision()
        etcd.delete(JOB + b"5")
        etcd.put(JOB + b"later", b"")
        assert scheduler.export(revision, file) == 1204
    with jobs_of(new) as scheduler:
        scheduler.load(file)
    assert new.revisions[-1] == expected
    assert new.written[0].startswith(COUNTER)
    # Each at a revision of its own, by which the scheduler tells them apart.
    assert len(new.revisions) == 1 + len(expected)


@pytest.mark.parametrize("key", [JOB + b"a", COUNTER + b"a"])
def test_a_scheduler_with_jobs_is_refused(tmp_path: Path, key: bytes) -> None:
    etcd, file = Etcd(), tmp_path / "jobs"
    etcd.put(key, b"")
    file.touch()
    with jobs_of(etcd) as scheduler, pytest.raises(StackError, match="an empty one"):
        scheduler.load(file)


def test_no_jobs_are_jobs_as_well(tmp_path: Path) -> None:
    file = tmp_path / "jobs"
    with jobs_of(Etcd()) as scheduler:
        assert scheduler.export(scheduler.revision(), file) == 0
        scheduler.load(file)


def test_a_scheduler_that_is_away_or_refuses_is_named(tmp_path: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if "revision" not in json.loads(request.content):
            raise httpx.ConnectError("refused", request=request)
        return httpx.Response(400, text="compacted\n")

    transport = httpx.MockTransport(answer)
    with SchedulerJobs("http://etcd", transport=transport) as scheduler:
        with pytest.raises(StackError, match="etcd does not answer: refused"):
            scheduler.revision()
        with pytest.raises(StackError, match="etcd refuses a request: compacted"):
            scheduler.export(1, tmp_path / "jobs")
