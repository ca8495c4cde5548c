"""The command in odd environments: it works, or says in one line what is wrong."""

import signal
import subprocess
from collections.abc import Iterator

import pytest
from command import COMMAND, environment, error_line, run
from web_orchestrator import WebOrchestrator, web_orchestrator

NOWHERE = "http://127.0.0.1:1"
ASCII = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.fixture
def served() -> Iterator[WebOrchestrator]:
    """An orchestrator with one instance, whose message is not ASCII."""
    with web_orchestrator() as server:
        item = {
            "instance_id": "task-a-long-name-that-is-needed-whole",
            "workflow": "task",
            "status": "RUNNING",
            "created_at": "2026-01-01T00:00:00+00:00",
            "message": "Ищем \x1b]0;pwned\x07 \ud800",
        }
        server.answers["/instances"] = {"items": [item], "next": None}
        yield server


@pytest.mark.parametrize(
    "env",
    [
        {"ALL_PROXY": "socks5://127.0.0.1:1080", "SSL_CERT_FILE": "/dev/null/certs.pem"},
        {"all_proxy": "socks://127.0.0.1:1080", "SSL_CERT_DIR": "/dev/null/certs"},
        {"HTTP_PROXY": "http://127.0.0.1:1", "http_proxy": "http://127.0.0.1:1"},
        {"TERM": "dumb", "COLUMNS": "1", "PYTHONIOENCODING": "latin-1"},
        {"COLUMNS": "0", "LINES": "²", "PYTHONIOENCODING": "ascii", "HOME": "/dev/null/home"},
        {"COLUMNS": "²", "TERMINAL_WIDTH": "wide", "TZ": "America/New_York", **ASCII},
    ],
    ids=lambda env: ",".join(env),
)
def test_a_list_of_this_machine_is_shown_anywhere(
    served: WebOrchestrator, env: dict[str, str]
) -> None:
    ran = run(served.url, "list", env=env)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert b"task-a-long-name-that-is-needed-whole" in ran.stdout
    assert not set(ran.stdout) & {0x1B, 0x07}


def test_an_argument_is_utf_8_in_any_locale(served: WebOrchestrator) -> None:
    request = '{"title": "Grüße"}'.encode()
    assert run(served.url, "send", "task-1", "approval", request, env=ASCII).returncode == 0
    assert served.bodies == [{"title": "Grüße"}]


@pytest.mark.parametrize(
    "content",
    [
        '{"title": "Grüße"}'.encode("utf-8-sig"),
        '{"title": "Grüße"}'.encode("utf-16"),
        '{"title": "Grüße"}'.encode("utf-16-be"),
    ],
)
def test_a_request_may_come_from_standard_input_as_windows_writes_it(
    served: WebOrchestrator, content: bytes
) -> None:
    ran = run(served.url, "send", "task-1", "approval", "-", stdin=content, env=ASCII)
    assert ran.returncode == 0, ran
    assert served.bodies == [{"title": "Grüße"}]


@pytest.mark.parametrize("args", [("list",), ("--json", "list")])
def test_a_full_disk_is_one_line(served: WebOrchestrator, args: tuple[str, ...]) -> None:
    ran = run(served.url, *args, by_shell='"$@" > /dev/full')
    assert "No space left on device" in error_line(ran.returncode, ran.stderr.decode())


@pytest.mark.parametrize("shell", ['"$@" | head -0', '"$@" >&-', '"$@" 2>&-', '"$@" <&-'])
def test_streams_that_are_closed_are_no_error(served: WebOrchestrator, shell: str) -> None:
    ran = run(served.url, "list", by_shell=shell)
    assert ran.stderr == b""


def test_an_error_that_nobody_reads_is_still_a_status() -> None:
    for shell in ('"$@" 2> /dev/full', '"$@" 2>&-'):
        assert run(NOWHERE, "list", by_shell=shell).returncode == 1


def test_few_files_may_be_open(served: WebOrchestrator) -> None:
    assert run(served.url, "list", by_shell='ulimit -n 64; "$@"').returncode == 0


@pytest.mark.parametrize("presses", [1, 2])
def test_ctrl_c_ends_a_watch_quietly(served: WebOrchestrator, presses: int) -> None:
    with subprocess.Popen(
        [COMMAND, "watch", "task-1"],
        env=environment(served.url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as watch:
        assert served.watched.wait(120)
        for _ in range(presses):
            watch.send_signal(signal.SIGINT)
        _, error = watch.communicate(timeout=120)
    assert (watch.returncode, error) == (130, b"")
