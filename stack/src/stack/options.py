"""The options of a stack."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from stack.dapr_binaries import DaprBinaries
from stack.restart_policy import RestartPolicy

Store = Literal["sqlite", "redis", "postgresql"]


def ignore_report(message: str) -> None:
    """Discard a message."""


@dataclass(frozen=True)
class StackOptions:
    """How to run a stack.

    Args:
        run_dir: The directory for data, logs and configuration; data outlives the run.
        store: The state store; each has a folder in components/.
        echo: Whether to show the logs as they grow.
        env: Additional environment variables, by process.
        commands: Replace the commands of processes, by process: for other code of a service.
        restart_all: Whether to restart any process that ends by itself; by default only sidecars
            are, so that a test fails where a service crashes.
        restarts: When what ended by itself is restarted, and when it is given up.
        prefer_port: Preferred for the orchestrator's API; another is taken where it is in use.
        startup_timeout: Seconds that a process has to become ready.
        stop_timeout: Seconds that a process has to end by itself.
        dapr: The Dapr programs; by default they are found, downloaded or built.
        report: Takes a line on each event, for people.
        warn: Takes a line on each process that died, and on what becomes of it.
    """

    run_dir: Path
    store: Store = "sqlite"
    echo: bool = False
    env: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    commands: Mapping[str, Sequence[str]] = field(default_factory=dict)
    restart_all: bool = False
    restarts: RestartPolicy = field(default_factory=RestartPolicy)
    prefer_port: int | None = 8000
    startup_timeout: float = 60.0
    stop_timeout: float = 10.0
    dapr: DaprBinaries | None = None
    report: Callable[[str], None] = ignore_report
    warn: Callable[[str], None] = ignore_report
