"""Every error that can be foreseen is one line on stderr, and a status."""

import pwd
import sys
from collections.abc import Callable

import httpx
import pytest
from command import COMMAND, error_line
from fake_orchestrator import FakeOrchestrator

from taskway.main import main
from taskway.terminal import SIZES

NOWHERE = "http://127.0.0.1:1"
REMOTE = "https://taskway.invalid"


@pytest.fixture
def refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Runs the command, and returns its error."""

    def run(*args: str) -> str:
        monkeypatch.setattr(sys, "argv", ["taskway", *args])
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        assert out == ""
        return error_line(end.value.code, err)

    monkeypatch.setenv("TASKWAY_URL", NOWHERE)
    monkeypatch.setenv("TASKWAY_USER", "olga")
    # The command changes these, and no other test is to notice.
    for name in SIZES:
        monkeypatch.setenv(name, "200")
    return run


@pytest.mark.parametrize(
    "argument",
    [
        '{"a": "\\ud800"}',
        '{"a": NaN}',
        '{"a": -Infinity}',
        '{"a": 1e999}',
        '{"a": ' + "[" * 5_000 + "]" * 5_000 + "}",
        '{"a": ' + "1" * 5_000 + "}",
        '{"a": "\udcff"}',
        "",
        "null",
        "@",
        "@/",
        "@/dev/null/file",
        "@/dev/null",
        "@/dev/zero",
        f"@{COMMAND.with_name('python')}",
        "@" + "a" * 5_000,
    ],
    ids=lambda value: ascii(value[:20]),
)
def test_what_is_no_json_is_refused(refused: Callable[..., str], argument: str) -> None:
    line = refused("send", "task-1", "approval", argument)
    assert "No answer" not in line
    assert len(line) < 500


@pytest.mark.parametrize("command", ["show", "watch", "list"])
def test_an_argument_that_is_not_utf_8_is_refused(
    refused: Callable[..., str], command: str
) -> None:
    assert refused(command, "task-\udcff") == r"Error: 'task-\udcff' is not UTF-8"


@pytest.mark.parametrize(
    "url",
    ["ftp://a", "http://", "http://[::1", "http://a..b", "http://xn--a", "a:1", "http://a\x1b"],
)
def test_a_url_that_is_none_is_refused(refused: Callable[..., str], url: str) -> None:
    line = refused("--url", url, "list")
    assert "is not a URL" in line
    assert "\x1b" not in line


@pytest.mark.parametrize(
    ("url", "variable", "value"),
    [
        (REMOTE, "ALL_PROXY", "socks5://127.0.0.1:1080"),
        (REMOTE, "https_proxy", "socks://127.0.0.1:1080"),
        (REMOTE, "HTTPS_PROXY", "http://[::1"),
        (REMOTE, "SSL_CERT_FILE", "/dev/null/certs.pem"),
        (REMOTE, "SSL_CERT_FILE", "/"),
        ("https://127.0.0.1:1", "SSL_CERT_DIR", "/dev/null/certs"),
    ],
)
def test_a_wrong_variable_that_a_url_needs_is_named(
    refused: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    variable: str,
    value: str,
) -> None:
    for name in ("SSL_CERT_FILE", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, value)
    assert f"{variable}={value} " in refused("--url", url, "list")


@pytest.mark.parametrize("reason", [KeyError("uid not found"), OSError("no such user")])
def test_a_user_without_a_name_is_asked_for_it(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch, reason: Exception
) -> None:
    for name in ("TASKWAY_USER", "LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)

    def nobody(_: int) -> None:
        raise reason

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    assert "--by or TASKWAY_USER" in refused("pause", "task-1", "--reason", "a break")


@pytest.mark.parametrize(
    "answer", [[], {}, {"items": None}, {"items": [1], "next": None}, {"items": [{}], "next": None}]
)
def test_another_server_is_not_taken_for_taskway(
    orchestrator: FakeOrchestrator, refused: Callable[..., str], answer: object
) -> None:
    orchestrator.answers["GET", "/instances"] = answer
    assert "is not Taskway" in refused("list")


def test_an_error_of_the_server_does_not_control_the_terminal(
    orchestrator: FakeOrchestrator, refused: Callable[..., str]
) -> None:
    problem = {"title": "Refused", "detail": "not \x1b]0;this\x07 [one]"}
    orchestrator.answers["GET", "/instances"] = httpx.Response(404, json=problem)
    assert refused("list") == "Error: 404 Refused: not ␛]0;this␇ [one]"


def test_a_variable_that_is_not_utf_8_is_refused(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TASKWAY_USER", "olga\udcff")
    assert "is not UTF-8" in refused("schedule", "pause", "plants")


def test_white_space_around_a_url_is_left_out(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TASKWAY_URL", f" {NOWHERE}\r")
    assert "No answer" in refused("list")


@pytest.mark.parametrize(("name", "value"), [("COLUMNS", "²"), ("TERMINAL_WIDTH", "wide")])
def test_a_size_that_is_none_is_passed_over(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert "No answer" in refused("list")
