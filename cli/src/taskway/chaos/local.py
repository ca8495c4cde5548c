"""The processes of `make run`, found by the list in its run directory."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from taskway.api import Api
from taskway.chaos.target import Killed
from taskway.errors import CommandError

FILE = "processes.json"
DEFAULT_RUN_DIR = ".run"


@dataclass(frozen=True)
class ProcessTable:
    """The processes that run, as the stack lists them.

    Args:
        stack: The process id of the stack, the parent of all the others.
        urls: The services' base URLs.
        pids: The process ids by name.
        data: Where its data is, for backups.
    """

    stack: int
    urls: dict[str, str]
    pids: dict[str, int]
    data: dict[str, str] = field(default_factory=dict)


class LocalTarget:
    """A stack on this machine.

    Args:
        api: Any API, whose transport is used.
        run_dir: The stack's run directory; None for `.run` here or in a folder above.
        url: The orchestrator that the user named; None for that of the stack.

    Raises:
        CommandError: No stack runs there, or it is another than the one at `url`.
    """

    can_hold = True

    def __init__(self, api: Api, run_dir: Path | None, url: str | None) -> None:
        self._api = api
        self._file = (run_dir or find_run_directory()) / FILE
        table = self._read()
        own = table.urls["orchestrator"]
        if url is not None and url.rstrip("/") != own:
            raise CommandError(
                f"{url} is not the stack in {self._file.parent}, which answers at {own}: give its "
                "--run-dir, or --kubernetes for a cluster. What runs elsewhere cannot be killed "
                "from here"
            )
        self.orchestrator = api.at(own)

    def check(self, victim: str) -> None:
        """Fail where the stack has no such process."""
        pids = self._read().pids
        if victim not in pids:
            raise CommandError(f"No process {victim!r} runs; there are: {', '.join(pids)}")

    @contextmanager
    def hold(self, services: Sequence[str]) -> Iterator[None]:
        """Stop services (SIGSTOP) and continue them: requests wait in their sockets meanwhile."""
        with ExitStack() as held:
            for number in (signal.SIGTERM, signal.SIGHUP):
                # Python would end at once, and leave them stopped.
                held.callback(signal.signal, number, signal.signal(number, _exit))
            for service in services:
                pid = self._own_pid(service)
                held.callback(_continue, pid)
                os.kill(pid, signal.SIGSTOP)
            yield

    def kill(self, victim: str) -> Killed:
        """Kill a process by SIGKILL, which it cannot notice."""
        pid = self._own_pid(victim)
        os.kill(pid, signal.SIGKILL)
        return Killed(victim, f"pid {pid}", "SIGKILL")

    def successor(self, killed: Killed) -> str | None:
        """Return the process that the stack started instead."""
        pid = self._read().pids.get(killed.victim)
        now = f"pid {pid}"
        return None if pid is None or now == killed.what else now

    @contextmanager
    def peer(self, service: str) -> Iterator[Api]:
        """Open the API of a service at its port."""
        with self._api.at(self._read().urls[service]) as api:
            yield api

    def _own_pid(self, name: str) -> int:
        """Return the id of a process, once it is sure that it is one of the stack's.

        Raises:
            CommandError: It has ended, or the stack has.
        """
        self.check(name)
        table = self._read()
        pid = table.pids[name]
        if parent_of(pid) != table.stack:
            raise CommandError(
                f"{name} (pid {pid}) is no process of the stack in {self._file.parent}: that has "
                "ended, or restarts it right now. Start it with `make run`"
            )
        return pid

    def _read(self) -> ProcessTable:
        try:
            listed: dict[str, Any] = json.loads(self._file.read_text(encoding="utf-8"))
            return ProcessTable(**listed)
        except FileNotFoundError as error:
            raise CommandError(
                f"No stack runs in {self._file.parent}: start one with `make run`, give its "
                "--run-dir, or --kubernetes for a cluster"
            ) from error
        except (OSError, ValueError, TypeError) as error:
            raise CommandError(f"{self._file} cannot be used: {error}") from error


def find_run_directory() -> Path:
    """Return `.run` in this folder or in the nearest one above that has it."""
    here = Path.cwd()
    found = (folder / DEFAULT_RUN_DIR for folder in (here, *here.parents))
    return next((path for path in found if path.is_dir()), here / DEFAULT_RUN_DIR)


def parent_of(pid: int) -> int | None:
    """Return the id of a process's parent; None where there is no such process."""
    try:
        # proc(5): the name, in parentheses, may have spaces and parentheses.
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return int(stat.rpartition(")")[2].split()[1])
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return None
    command = ["ps", "-o", "ppid=", "-p", str(pid)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return int(answer.stdout) if answer.stdout.strip() else None


def _exit(number: int, frame: object) -> None:
    """Exit as a shell has it for a signal, but in order."""
    raise SystemExit(128 + number)


def _continue(pid: int) -> None:
    # It may be the victim.
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)
