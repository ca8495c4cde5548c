"""What a caller says about the stack it wants."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from stack.dapr_binaries import DaprBinaries

Store = Literal["sqlite", "redis"]


def say_nothing(message: str) -> None:
    """Take a message for nobody."""


@dataclass(frozen=True)
class StackOptions:
    """How a stack is run.

    Args:
        run_dir: Where data, logs and rendered configuration are kept; data outlives the run.
        store: Where Dapr keeps state; each has its folder in components/.
        echo: Show every process's log as it grows.
        env: More environment for a process, by its name.
        retention_seconds: How long what has ended is kept; else as components/configuration.yaml
            says.
        restart_all: Restart any process that ends by itself; else sidecars alone, so that a test
            fails where a service crashes.
        prefer_port: Preferred for the orchestrator's API; another is taken where it is in use.
        startup_timeout: Seconds that a process has to become ready.
        stop_timeout: Seconds that a process has to end by itself.
        dapr: The programs to run; found, or fetched, where not given.
        report: Takes a line for a person about what happens.
    """

    run_dir: Path
    store: Store = "sqlite"
    echo: bool = False
    env: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    retention_seconds: int | None = None
    restart_all: bool = False
    prefer_port: int | None = 8000
    startup_timeout: float = 60.0
    stop_timeout: float = 10.0
    dapr: DaprBinaries | None = None
    report: Callable[[str], None] = say_nothing
