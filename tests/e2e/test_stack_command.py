"""`python -m stack`, which `make run` and `make demo` are, in odd environments and on signals."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from stack.lock import RunDirectoryLock
from support.stacks import require_store
from support.system import eventually

# A comma and a quote end a path in a list of daprd, `%` and `#` in a URL, `$` in Jaeger's
# configuration, and `ü` is not ASCII.
ODD_NAME = 'a, "b" #ü %20 $x:y\'z'
ODD_ENVIRONMENT = {
    "ALL_PROXY": "socks5://127.0.0.1:1",
    "HTTP_PROXY": "http://127.0.0.1:1",
    "HTTPS_PROXY": "http://127.0.0.1:1",
    "SSL_CERT_FILE": "/dev/null/certs.pem",
    "TZ": "America/New_York",
    "LC_ALL": "POSIX",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
    "TERM": "dumb",
    "COLUMNS": "1",
}
RUNNING = "Running. Ctrl-C stops it"
STARTING = "Dapr 1."


@asynccontextmanager
async def stack_command(
    run_dir: Path, *args: str, **env: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the command with at most 256 open files a process; kill it at the end."""
    process = await asyncio.create_subprocess_exec(
        *("sh", "-c", 'ulimit -n 256; exec "$@"', "sh", sys.executable, "-m", "stack", *args),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, **env, "RUN_DIR": str(run_dir)},
        limit=2**20,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def read_until(process: asyncio.subprocess.Process, text: str) -> None:
    assert process.stdout is not None
    async with asyncio.timeout(180):
        while text not in (line := (await process.stdout.readline()).decode()):
            assert line, f"ended before {text!r}"


async def end(process: asyncio.subprocess.Process) -> tuple[int | None, str]:
    """Wait for its end, and return its status and what it printed last."""
    async with asyncio.timeout(180):
        output, _ = await process.communicate()
    return process.returncode, output.decode()


async def assert_nothing_is_left(run_dir: Path) -> None:
    """Fail where a process still runs in the run directory, or has it locked."""

    async def gone() -> bool | None:
        return None if _somebody_works_in(run_dir) else True

    await eventually(gone, "the end of every process")
    with RunDirectoryLock(run_dir):
        pass


def _somebody_works_in(folder: Path) -> bool:
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.readlink(process / "cwd") == os.path.realpath(folder):
                return True
    return False


@pytest.mark.parametrize("store", ["sqlite", "redis", "postgresql"])
async def test_a_sample_completes_in_an_odd_place(tmp_path: Path, store: str) -> None:
    require_store(store)
    run_dir = tmp_path / ODD_NAME / "run"
    async with stack_command(run_dir, "demo", "--store", store, **ODD_ENVIRONMENT) as process:
        status, output = await end(process)
    assert status == 0, output
    assert "ended completed" in output
    # Its data is where it belongs.
    assert any((run_dir / ("data" if store == "sqlite" else store)).iterdir())
    await assert_nothing_is_left(run_dir)


async def test_ctrl_c_stops_it_in_order_where_a_terminal_has_few_characters(tmp_path: Path) -> None:
    async with stack_command(tmp_path, "run", PYTHONIOENCODING="ascii") as process:
        await read_until(process, RUNNING)
        process.send_signal(signal.SIGINT)
        status, output = await end(process)
    assert status == 0, output
    assert [line for line in output.splitlines() if line] == [
        "Stopping ? (once more to kill)",
        "Stopped.",
    ]
    await assert_nothing_is_left(tmp_path)


async def test_a_killed_process_is_started_again(tmp_path: Path) -> None:
    async with stack_command(tmp_path, "run") as process:
        await read_until(process, RUNNING)
        pid = json.loads((tmp_path / "processes.json").read_text())["pids"]["notifier"]
        os.kill(pid, signal.SIGKILL)
        await read_until(process, f"! notifier (pid {pid}) ended by signal 9 (SIGKILL): restart")
        await read_until(process, "notifier is ready again")
        process.send_signal(signal.SIGTERM)
        status, output = await end(process)
    assert status == 0, output
    assert not (tmp_path / "processes.json").exists()
    await assert_nothing_is_left(tmp_path)


@pytest.mark.parametrize(("command", "presses"), [("run", 1), ("demo", 2)])
async def test_ctrl_c_stops_it_at_its_start(tmp_path: Path, command: str, presses: int) -> None:
    async with stack_command(tmp_path, command) as process:
        await read_until(process, STARTING)
        for _ in range(presses):
            process.send_signal(signal.SIGINT)
        status, output = await end(process)
    assert status == 130, output
    assert "Traceback" not in output
    assert output.rstrip().endswith("Stopped.")
    await assert_nothing_is_left(tmp_path)


async def test_it_goes_on_where_nobody_reads_its_output(tmp_path: Path) -> None:
    async with stack_command(tmp_path, "demo") as process:
        await read_until(process, STARTING)
        # As `| head -1` does it.
        process._transport.get_pipe_transport(1).close()  # type: ignore[attr-defined]
        async with asyncio.timeout(180):
            assert await process.wait() == 0
    await assert_nothing_is_left(tmp_path)
