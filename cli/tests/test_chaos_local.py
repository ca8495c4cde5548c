"""The processes of a stack are found, and no other is ever killed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from taskway.api import Api
from taskway.chaos.local import LocalTarget, find_run_directory, parent_of
from taskway.errors import CommandError

OWN = "http://127.0.0.1:29513"
API = Api("http://127.0.0.1:8000", httpx.MockTransport(lambda _: httpx.Response(404)))


@pytest.fixture
def child() -> Iterator["subprocess.Popen[bytes]"]:
    """A process that this one, as its stack, has started."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        yield process
        process.kill()


def list_processes(folder: Path, stack: int, **pids: int) -> Path:
    urls = {"orchestrator": OWN, "assigner": "http://a", "notifier": "http://n"}
    (folder / "processes.json").write_text(json.dumps({"stack": stack, "urls": urls, "pids": pids}))
    return folder


def test_a_process_of_the_stack_is_killed(tmp_path: Path, child: "subprocess.Popen[bytes]") -> None:
    target = LocalTarget(API, list_processes(tmp_path, os.getpid(), redis=child.pid), None)
    killed = target.kill("redis")
    assert child.wait(10) == -signal.SIGKILL
    assert (killed.what, killed.how) == (f"pid {child.pid}", "SIGKILL")
    assert target.successor(killed) is None
    list_processes(tmp_path, os.getpid(), redis=4712)
    assert target.successor(killed) == "pid 4712"
    list_processes(tmp_path, os.getpid())
    assert target.successor(killed) is None


def test_a_process_with_another_parent_is_left_alone(
    tmp_path: Path, child: "subprocess.Popen[bytes]"
) -> None:
    """As where the stack was killed, and another program has the id now."""
    target = LocalTarget(API, list_processes(tmp_path, os.getppid(), redis=child.pid), None)
    with pytest.raises(CommandError, match="is no process of the stack"):
        target.kill("redis")
    with pytest.raises(CommandError, match="is no process of the stack"), target.hold(["redis"]):
        pass
    assert child.poll() is None


def test_a_held_process_is_stopped_and_goes_on(
    tmp_path: Path, child: "subprocess.Popen[bytes]"
) -> None:
    target = LocalTarget(API, list_processes(tmp_path, os.getpid(), notifier=child.pid), None)
    with target.hold(["notifier"]):
        _, status = os.waitpid(child.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
    _, status = os.waitpid(child.pid, os.WCONTINUED)
    assert os.WIFCONTINUED(status)


def test_a_held_process_goes_on_after_an_error(
    tmp_path: Path, child: "subprocess.Popen[bytes]"
) -> None:
    target = LocalTarget(API, list_processes(tmp_path, os.getpid(), notifier=child.pid), None)

    def interrupted() -> None:
        with target.hold(["notifier"]):
            os.waitpid(child.pid, os.WUNTRACED)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    os.waitpid(child.pid, os.WCONTINUED)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_held_process_goes_on_where_the_command_is_terminated(
    tmp_path: Path, child: "subprocess.Popen[bytes]", number: signal.Signals
) -> None:
    target = LocalTarget(API, list_processes(tmp_path, os.getpid(), notifier=child.pid), None)
    before = signal.getsignal(number)

    def terminated() -> None:
        with target.hold(["notifier"]):
            os.waitpid(child.pid, os.WUNTRACED)
            os.kill(os.getpid(), number)
            signal.pause()

    with pytest.raises(SystemExit) as ended:
        terminated()
    assert ended.value.code == 128 + number
    os.waitpid(child.pid, os.WCONTINUED)
    assert signal.getsignal(number) is before


def test_an_unknown_victim_is_refused_with_those_there_are(tmp_path: Path) -> None:
    target = LocalTarget(API, list_processes(tmp_path, 1, redis=2, placement=3), None)
    with pytest.raises(CommandError, match="No process 'nobody' runs; there are: redis, placement"):
        target.check("nobody")


def test_without_a_stack_it_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"No stack runs in .*make run"):
        LocalTarget(API, tmp_path, None)


@pytest.mark.parametrize("content", ["", "[]", '{"stack": 1}', "\x00"])
def test_a_list_that_is_none_is_an_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "processes.json").write_text(content)
    with pytest.raises(CommandError, match=r"processes\.json cannot be used"):
        LocalTarget(API, tmp_path, None)


def test_a_system_elsewhere_cannot_be_killed(tmp_path: Path) -> None:
    list_processes(tmp_path, 1)
    assert LocalTarget(API, tmp_path, f"{OWN}/").orchestrator.url == OWN
    with pytest.raises(CommandError, match=r"https://example\.com is not the stack in"):
        LocalTarget(API, tmp_path, "https://example.com")


def test_the_run_directory_is_found_from_a_folder_below(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = tmp_path / "docs" / "workflows"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert find_run_directory() == below / ".run"
    (tmp_path / ".run").mkdir()
    assert find_run_directory() == tmp_path / ".run"


def test_the_parent_of_a_process_is_known(child: "subprocess.Popen[bytes]") -> None:
    assert parent_of(child.pid) == os.getpid()
    child.kill()
    child.wait()
    assert parent_of(child.pid) is None
