"""The parts of a stack: their ports and directories."""

import os
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError
from stack.ports import HOST, PortBlock

APPS = ("assigner", "notifier", "orchestrator")
FRONT = "orchestrator"


def sidecar_name(app: str) -> str:
    """Return the name of the process of an app's sidecar."""
    return f"{app}-sidecar"


@dataclass(frozen=True)
class AppPorts:
    """The ports of a service and its sidecar; `actors` where it hosts actors."""

    app: int
    http: int
    grpc: int
    internal: int
    actors: int | None = None


@dataclass(frozen=True)
class Ports:
    """The ports of a stack; a process keeps its own over restarts."""

    apps: Mapping[str, AppPorts]
    placement: int
    placement_health: int
    placement_raft: int
    scheduler: int
    scheduler_health: int
    etcd_client: int
    etcd_peer: int
    redis: int
    postgresql: int
    jaeger_otlp: int
    jaeger_query: int
    jaeger_ui: int

    @classmethod
    def pick(cls, block: PortBlock, front: int | None, jaeger_ui: int | None) -> "Ports":
        """Return free ports.

        Args:
            block: The block to take them from.
            front: Preferred for the orchestrator's API.
            jaeger_ui: Preferred for Jaeger's page.
        """
        take = block.take
        apps = {
            app: AppPorts(
                app=take(front if app == FRONT else None),
                http=take(),
                grpc=take(),
                internal=take(),
                actors=take() if app == FRONT else None,
            )
            for app in APPS
        }
        return cls(
            apps=apps,
            placement=take(),
            placement_health=take(),
            placement_raft=take(),
            scheduler=take(),
            scheduler_health=take(),
            etcd_client=take(),
            etcd_peer=take(),
            redis=take(),
            postgresql=take(),
            jaeger_otlp=take(),
            jaeger_query=take(),
            jaeger_ui=take(jaeger_ui),
        )


@dataclass(frozen=True)
class RunDirectory:
    """The files of a stack, whose processes start in it; the data outlives the run."""

    root: Path

    def prepare(self) -> None:
        """Create the folders.

        Raises:
            StackError: They cannot be created, or what is in them belongs to another user.
        """
        try:
            folders = (
                self.logs,
                self.data,
                self.scheduler,
                self.redis,
                self.postgresql,
                self.config,
            )
            for folder in folders:
                folder.mkdir(parents=True, exist_ok=True)
            # Here and not by the process that needs it, after a minute and in its own words.
            foreign = next((path for path in self.root.rglob("*") if not _writable(path)), None)
        except OSError as error:
            raise unusable(self.root, error.strerror) from error
        if foreign is not None:
            raise unusable(self.root, f"{foreign} cannot be written by this user")

    def relative(self, path: Path) -> str:
        """Return the path of a file of the stack for its processes."""
        return str(path.relative_to(self.root))

    @property
    def logs(self) -> Path:
        """The logs, one per process."""
        return self.root / "logs"

    @property
    def data(self) -> Path:
        """The SQLite files."""
        return self.root / "data"

    @property
    def scheduler(self) -> Path:
        """The etcd of the scheduler: every pending reminder."""
        return self.root / "scheduler"

    @property
    def redis(self) -> Path:
        """Redis' append-only file."""
        return self.root / "redis"

    @property
    def postgresql(self) -> Path:
        """PostgreSQL's data and password."""
        return self.root / "postgresql"

    @property
    def processes(self) -> Path:
        """The list of the processes that run, for other programs."""
        return self.root / "processes.json"

    @property
    def config(self) -> Path:
        """The configuration, rendered at each start."""
        return self.root / "config"


def resolve_run_directory(path: Path) -> Path:
    """Return the absolute path of a run directory.

    Raises:
        StackError: It cannot be one, whatever its rights are.
    """
    try:
        resolved = path.resolve()
    except (OSError, RuntimeError) as error:
        raise unusable(path, str(error)) from error
    if any(unicodedata.category(character) == "Cc" for character in str(resolved)):
        raise unusable(path, "its name has a control character")
    return resolved


def unusable(folder: Path, reason: str | None) -> StackError:
    """Return an error that says why a folder cannot be the run directory."""
    return StackError(
        f"{ascii(str(folder)) if not str(folder).isprintable() else folder} cannot be used: "
        f"{reason}. Choose another folder with RUN_DIR."
    )


def _writable(path: Path) -> bool:
    if path.is_symlink() and not path.exists():
        return True
    return os.access(path, os.R_OK | os.W_OK | (os.X_OK if path.is_dir() else 0))


def address(port: int) -> str:
    """Return host:port."""
    return f"{HOST}:{port}"


def url(port: int) -> str:
    """Return the base URL of a server on this machine."""
    return f"http://{address(port)}"
