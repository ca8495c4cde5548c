"""What a run leaves behind: jobs of Dapr's scheduler, keys, memory."""

import base64
from collections.abc import Iterable
from pathlib import Path

import httpx

from stack import Stack
from support.fault_suite.faults import PROCESSES

# It is wanted: it removes what has ended, after its time.
EXPECTED = "||retention"
JOBS = b"dapr/jobs/"


async def pending_jobs(etcd: str) -> list[str]:
    """Return the jobs that Dapr's scheduler has pending.

    Args:
        etcd: The base URL of its etcd, which answers in JSON as well.
    """
    span = {
        "key": base64.b64encode(JOBS).decode(),
        "range_end": base64.b64encode(JOBS[:-1] + bytes([JOBS[-1] + 1])).decode(),
        "keys_only": True,
    }
    async with httpx.AsyncClient(base_url=etcd, trust_env=False, timeout=30) as client:
        answer = await client.post("/v3/kv/range", json=span)
        answer.raise_for_status()
        return [base64.b64decode(kv["key"]).decode() for kv in answer.json().get("kvs", [])]


def unexpected(jobs: Iterable[str], ids: Iterable[str]) -> list[str]:
    """Return the jobs of ended instances that will wake something, and nothing is to be woken.

    Args:
        jobs: What is pending.
        ids: The instances.
    """
    ended = set(ids)

    def of_an_ended_one(job: str) -> bool:
        parts = job.split("||")
        return any(part.partition(":")[0] in ended for part in parts)

    return [job for job in jobs if not job.endswith(EXPECTED) and of_an_ended_one(job)]


def memory_mib(stack: Stack) -> dict[str, float]:
    """Return the memory of each process that is not on disk, in MiB."""
    return {name: _resident(stack.pid(name)) for name in PROCESSES if stack.has(name)}


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    # What is of files, such as the mapped database of etcd, the kernel takes back as it likes.
    line = next(line for line in status.splitlines() if line.startswith("RssAnon:"))
    return round(int(line.split()[1]) / 1024, 1)
