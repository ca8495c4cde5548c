"""Starts, ends and restarts of a process, with shell scripts in its place."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stack.errors import ProcessExitedError, StackError
from stack.orphan_reaper import OrphanReaper
from stack.process import Process, ProcessSpec, Stage

ENDS_ON_TERM = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done"
IGNORES_TERM = "trap '' TERM; echo up; while :; do sleep 0.05; done"
WITH_A_CHILD = "sleep 60 & echo $!; echo up; wait"


class Harness:
    """Runs scripts as processes and collects their failures."""

    def __init__(self, directory: Path, reaper: OrphanReaper) -> None:
        self.failures: list[ProcessExitedError] = []
        self.directory = directory
        self.reaper = reaper

    def process(self, script: str, on_change: Callable[[], None] = lambda: None) -> Process:
        async def ready() -> bool:
            return True

        spec = ProcessSpec("sample", ["/bin/sh", "-c", script], Stage.SERVICE, ready)
        log = self.directory / "sample.log"
        failed = self.failures.append
        return Process(spec, log, self.directory, self.reaper, failed, on_change)


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    with OrphanReaper() as reaper:
        yield Harness(tmp_path, reaper)


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        await asyncio.sleep(0.01)


def is_alive(pid: int) -> bool:
    """Return whether a process runs; a zombie does not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return not Path("/proc/self").exists()


async def start(process: Process) -> None:
    await process.start()
    await until(lambda: process.tail().endswith("up"))


async def test_a_terminated_process_may_end_by_itself(harness: Harness) -> None:
    process = harness.process(ENDS_ON_TERM)
    await start(process)
    await process.terminate(grace=10)
    assert not process.running
    assert process.tail().endswith("bye")
    assert harness.failures == []


async def test_a_process_is_still_watched_when_who_ends_it_is_cancelled(harness: Harness) -> None:
    process = harness.process(IGNORES_TERM)
    await start(process)
    # So the kill has sent its signal, and waits.
    ending = asyncio.create_task(process.kill())
    await asyncio.sleep(0)
    ending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await ending
    await process.terminate(grace=10)
    assert not process.running
    assert harness.failures == []


async def test_a_process_that_ignores_sigterm_is_killed(harness: Harness) -> None:
    process = harness.process(IGNORES_TERM)
    await start(process)
    await process.terminate(grace=0.1)
    assert not process.running
    assert harness.failures == []


async def test_children_do_not_outlive_the_process(harness: Harness) -> None:
    process = harness.process(WITH_A_CHILD)
    await start(process)
    child = int(process.log.read_text().splitlines()[-2])
    await process.kill()
    await until(lambda: not is_alive(child))


async def test_an_unexpected_exit_is_reported_with_code_and_log(harness: Harness) -> None:
    process = harness.process("echo it went wrong; exit 3")
    await process.start()
    await until(lambda: bool(harness.failures))
    (failure,) = harness.failures
    assert failure.code == 3
    assert "exited with code 3" in str(failure)
    assert "it went wrong" in str(failure)


async def test_an_unexpected_signal_is_reported(harness: Harness) -> None:
    process = harness.process(ENDS_ON_TERM)
    await start(process)
    pid = process.pid
    os.kill(pid, signal.SIGKILL)
    await until(lambda: bool(harness.failures))
    assert f"sample (pid {pid}) ended by signal 9 (SIGKILL)" in str(harness.failures[0])


async def test_a_restart_keeps_the_log(harness: Harness) -> None:
    process = harness.process(ENDS_ON_TERM)
    await start(process)
    await process.kill()
    await start(process)
    assert process.log.read_text().count("up\n") == 2
    await process.kill()
    assert harness.failures == []


async def test_a_missing_program_is_an_error(harness: Harness) -> None:
    process = harness.process("")
    process.spec = ProcessSpec("sample", ["/nowhere"], Stage.SERVICE, process.spec.ready)
    with pytest.raises(StackError, match="sample cannot be started"):
        await process.start()


async def test_a_process_that_does_not_run_has_no_id(harness: Harness) -> None:
    with pytest.raises(StackError, match="does not run"):
        _ = harness.process("").pid


async def test_each_start_and_end_is_announced(harness: Harness) -> None:
    running: list[bool] = []
    process = harness.process(ENDS_ON_TERM, lambda: running.append(process.running))
    await start(process)
    await process.kill()
    await until(lambda: running == [True, False])


async def test_a_process_is_ready_for_a_time_from_the_mark_to_its_end(harness: Harness) -> None:
    process = harness.process(ENDS_ON_TERM)
    await start(process)
    assert process.ready_for == 0
    process.mark_ready()
    await until(lambda: process.ready_for > 0)
    await process.kill()
    ended = process.ready_for
    await asyncio.sleep(0.01)
    assert process.ready_for == ended > 0
    await start(process)
    assert process.ready_for == 0
    await process.kill()
