"""The command as a process of its own, in an environment of the test's choice."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

COMMAND = Path(sys.executable).with_name("taskway")
# Of the machine that runs the tests; each test sets what it is about.
UNSET = {"COLUMNS", "SSL_CERT_FILE", "SSL_CERT_DIR", "TASKWAY_USER", "TASKWAY_URL"}


def environment(url: str, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a command that reaches the orchestrator at `url`."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in UNSET and not name.lower().endswith("_proxy")
    }
    return {**kept, "TASKWAY_URL": url, "TASKWAY_USER": "olga", **(more or {})}


def run(
    url: str,
    *args: str | bytes,
    env: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    by_shell: str | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run the command to its end.

    Args:
        url: The orchestrator's.
        args: Its arguments.
        env: Set in its environment.
        stdin: Its input.
        by_shell: A command for sh instead, in which `"$@"` is the command with its arguments.
    """
    command: list[str | bytes] = [str(COMMAND), *args]
    if by_shell is not None:
        command = ["sh", "-c", by_shell, "sh", *command]
    return subprocess.run(
        command,
        env=environment(url, env),
        input=stdin,
        capture_output=True,
        timeout=120,
        check=False,
    )


def error_line(status: int | str | None, stderr: str) -> str:
    """Return the only line on stderr of a command that failed."""
    [line] = stderr.splitlines()
    assert status == 1, stderr
    assert line.startswith("Error: "), stderr
    return line
