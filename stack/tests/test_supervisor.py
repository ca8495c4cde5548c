"""Restarts of processes that end by themselves, with shell scripts in their place."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stack.errors import ProcessExitedError
from stack.orphan_reaper import OrphanReaper
from stack.process import Process, ProcessSpec, Stage
from stack.supervisor import RestartPolicy, Supervisor

RUNS = "while :; do sleep 0.05; done"
ENDS = "exit 3"
QUICK = RestartPolicy(first_pause=0.05, max_restarts=3)


class Supervised:
    """One process under a supervisor, and what that reports."""

    def __init__(self, directory: Path, reaper: OrphanReaper) -> None:
        self.directory = directory
        self.reaper = reaper
        self.lines: list[str] = []
        self.failures: list[ProcessExitedError] = []

    def start(self, script: str, policy: RestartPolicy = QUICK) -> None:
        async def ready() -> bool:
            return self.is_ready

        self.is_ready = True
        self.supervisor = Supervisor(self.lines.append, self.failures.append, 0.3, policy)
        spec = ProcessSpec("sample", ["/bin/sh", "-c", script], Stage.SERVICE, ready)
        log = self.directory / "sample.log"
        self.process = Process(
            spec,
            log,
            self.directory,
            self.reaper,
            lambda error: self.supervisor.restart(self.process, error),
        )

    async def killed(self) -> int:
        """Kill the process as anybody may, and return its id."""
        pid = self.process.pid
        os.kill(pid, signal.SIGKILL)
        await until(lambda: not self.process.running or self.process.pid != pid)
        return pid

    async def reported(self, text: str, times: int = 1) -> None:
        await until(lambda: sum(text in line for line in self.lines) >= times)


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Supervised]:
    with OrphanReaper() as reaper:
        yield Supervised(tmp_path, reaper)


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        await asyncio.sleep(0.01)


def test_pauses_grow_to_a_bound() -> None:
    policy = RestartPolicy(first_pause=1, longest_pause=30)
    assert [policy.pause(n) for n in range(1, 9)] == [0, 1, 2, 4, 8, 16, 30, 30]


async def test_a_killed_process_is_restarted_and_reported(supervised: Supervised) -> None:
    supervised.start(RUNS)
    await supervised.process.start()
    pid = await supervised.killed()
    await supervised.reported("sample is ready again")
    assert supervised.lines[0] == "sample ended by signal 9: restarting it"
    assert supervised.process.pid != pid
    assert supervised.failures == []
    await supervised.process.kill()
    await supervised.supervisor.close()


async def test_a_process_that_keeps_ending_is_given_up(supervised: Supervised) -> None:
    supervised.start(ENDS)
    supervised.is_ready = False
    await supervised.process.start()
    await until(lambda: bool(supervised.failures))
    assert supervised.lines == [
        "sample exited with code 3: restarting it",
        "sample exited with code 3: restarting it in 0.05 s (restart 2 of 3)",
        "sample exited with code 3: restarting it in 0.1 s (restart 3 of 3)",
        "sample exited with code 3: not restarting it again",
    ]
    assert len(supervised.failures) == 1
    await supervised.supervisor.close()


async def test_a_stable_process_is_restarted_without_end(supervised: Supervised) -> None:
    supervised.start(RUNS, RestartPolicy(max_restarts=1, stable_after=0.0))
    await supervised.process.start()
    for times in range(1, 4):
        await supervised.killed()
        await supervised.reported("sample is ready again", times)
    assert supervised.failures == []
    await supervised.process.kill()
    await supervised.supervisor.close()


async def test_a_process_that_is_not_ready_in_time_is_reported(supervised: Supervised) -> None:
    supervised.start(RUNS)
    await supervised.process.start()
    supervised.is_ready = False
    await supervised.killed()
    await supervised.reported("sample is not ready after 0.3 s")
    assert supervised.process.running
    await supervised.process.kill()
    await supervised.supervisor.close()


async def test_a_missing_program_fails(supervised: Supervised) -> None:
    supervised.start(RUNS)
    await supervised.process.start()
    gone = ["/nowhere"]
    spec = supervised.process.spec
    supervised.process.spec = ProcessSpec(spec.name, gone, spec.stage, spec.ready)
    await supervised.killed()
    await until(lambda: bool(supervised.failures))
    await supervised.reported("sample cannot be started")
    await supervised.supervisor.close()


async def test_nothing_is_restarted_once_it_is_closed(supervised: Supervised) -> None:
    supervised.start(ENDS, RestartPolicy(first_pause=60))
    await supervised.process.start()
    await supervised.reported("in 30 s")
    assert supervised.supervisor.busy
    began = time.monotonic()
    await supervised.supervisor.close()
    assert time.monotonic() - began < 5
    assert not supervised.process.running
    assert supervised.failures == []
