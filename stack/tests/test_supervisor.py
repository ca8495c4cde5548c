"""Restarts of processes that end by themselves, with shell scripts in their place."""

import asyncio
import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stack.errors import ProcessExitedError
from stack.orphan_reaper import OrphanReaper
from stack.process import Process, ProcessSpec, Stage
from stack.restart_policy import RestartPolicy
from stack.supervisor import Supervisor

RUNS = "while :; do sleep 0.05; done"
ENDS = "exit 3"
QUICK = RestartPolicy(first_pause=0.05, max_restarts=3)


class Supervised:
    """One process under a supervisor, and what that reports."""

    def __init__(self, directory: Path, reaper: OrphanReaper) -> None:
        self.directory = directory
        self.reaper = reaper
        self.lines: list[str] = []
        self.warnings: list[str] = []
        self.failures: list[ProcessExitedError] = []

    def start(self, script: str, policy: RestartPolicy = QUICK) -> None:
        async def ready() -> bool:
            return self.is_ready

        self.is_ready = True
        report, fail = self.lines.append, self.failures.append
        self.supervisor = Supervisor(report, self.warnings.append, fail, 0.3, policy)
        spec = ProcessSpec("sample", ["/bin/sh", "-c", script], Stage.SERVICE, ready)
        log = self.directory / "sample.log"
        self.process = Process(
            spec,
            log,
            self.directory,
            self.reaper,
            lambda error: self.supervisor.restart(self.process, error),
        )

    def anonymous(self) -> list[str]:
        """Return the warnings without the process ids."""
        return [re.sub(r"pid \d+", "pid N", line) for line in self.warnings]

    async def killed(self) -> int:
        """Kill the process as anybody may, and return its id."""
        pid = self.process.pid
        os.kill(pid, signal.SIGKILL)
        await until(lambda: not self.process.running or self.process.pid != pid)
        return pid

    async def reported(self, text: str, times: int = 1) -> None:
        def count() -> int:
            return sum(text in line for line in [*self.lines, *self.warnings])

        await until(lambda: count() >= times)


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


@pytest.mark.parametrize(
    ("ready_for", "code", "stable"),
    [
        (11, 1, True),
        (9, 1, False),
        (0.1, -signal.SIGKILL, True),
        (0.1, -signal.SIGTERM, True),
        (0.1, -signal.SIGSEGV, False),
        (0, -signal.SIGKILL, False),
    ],
)
def test_a_process_is_stable_that_stays_ready_or_is_killed_when_it_was(
    ready_for: float, code: int, stable: bool
) -> None:
    assert RestartPolicy(stable_after=10).was_stable(ready_for, code) is stable


async def test_a_process_is_restarted_at_once_however_often_it_is_killed(
    supervised: Supervised,
) -> None:
    supervised.start(RUNS, RestartPolicy(first_pause=60, max_restarts=1))
    await supervised.process.start()
    supervised.process.mark_ready()
    for times in range(1, 4):
        await supervised.killed()
        await supervised.reported("sample is ready again", times)
    assert supervised.failures == []
    await supervised.process.kill()
    await supervised.supervisor.close()


async def test_a_killed_process_is_restarted_and_reported(supervised: Supervised) -> None:
    supervised.start(RUNS)
    await supervised.process.start()
    pid = await supervised.killed()
    await supervised.reported("sample is ready again")
    (warning,) = supervised.warnings
    assert warning == f"sample (pid {pid}) ended by signal 9 (SIGKILL): restarting it"
    assert supervised.process.pid != pid
    assert f"(pid {supervised.process.pid})" in supervised.lines[0]
    assert supervised.failures == []
    await supervised.process.kill()
    await supervised.supervisor.close()


async def test_a_process_that_keeps_ending_is_given_up(supervised: Supervised) -> None:
    supervised.start(ENDS)
    supervised.is_ready = False
    await supervised.process.start()
    await until(lambda: bool(supervised.failures))
    ended = "sample (pid N) exited with code 3:"
    assert supervised.anonymous() == [
        f"{ended} restarting it",
        f"{ended} restarting it in 0.05 s (restart 2 of 3)",
        f"{ended} restarting it in 0.1 s (restart 3 of 3)",
        f"{ended} giving it up, for it was restarted 3 times in a row and never stayed ready "
        "for 10 s",
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


async def test_a_process_that_runs_and_never_was_ready_is_not_stable(
    supervised: Supervised,
) -> None:
    supervised.start(RUNS, RestartPolicy(max_restarts=1, stable_after=0.01))
    supervised.is_ready = False
    await supervised.process.start()
    await supervised.killed()
    # It takes longer than a stable process needs, and is not ready.
    await supervised.reported("sample is not ready after 0.3 s")
    os.kill(supervised.process.pid, signal.SIGKILL)
    await until(lambda: bool(supervised.failures))
    await supervised.supervisor.close()


async def test_a_program_that_is_there_again_is_started(supervised: Supervised) -> None:
    program = supervised.directory / "program"
    supervised.start(RUNS)
    await supervised.process.start()
    spec = supervised.process.spec
    supervised.process.spec = ProcessSpec(spec.name, [str(program)], spec.stage, spec.ready)
    await supervised.killed()
    await supervised.reported("sample cannot be started")
    program.write_text(f"#!/bin/sh\n{RUNS}\n")
    program.chmod(0o755)
    await supervised.reported("sample is ready again")
    assert supervised.failures == []
    await supervised.process.kill()
    await supervised.supervisor.close()


async def test_a_process_is_restarted_whose_log_was_removed(supervised: Supervised) -> None:
    supervised.start(RUNS)
    await supervised.process.start()
    supervised.process.log.unlink()
    await supervised.killed()
    await supervised.reported("sample is ready again")
    await supervised.process.kill()
    await supervised.supervisor.close()


async def test_a_process_that_is_not_ready_in_time_is_reported(supervised: Supervised) -> None:
    supervised.start(RUNS)
    await supervised.process.start()
    supervised.is_ready = False
    await supervised.killed()
    await supervised.reported("sample is not ready after 0.3 s")
    assert supervised.process.running
    supervised.is_ready = True
    await supervised.reported("sample is ready again")
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
