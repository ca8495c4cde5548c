"""PostgreSQL as the state store: a server of the stack's own, or the one at DATABASE_URL."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from stack.backends import run_password
from stack.errors import StackError
from stack.layout import Ports, RunDirectory
from stack.ports import HOST
from stack.postgresql_check import postgresql_ready
from stack.process import ProcessSpec, Stage

USER = "taskway"
DATABASE = "postgres"
# Where packages put what they leave off PATH: Debian's, and Homebrew's on both its prefixes.
_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)


def postgresql(run: RunDirectory, ports: Ports) -> ProcessSpec:
    """Return a PostgreSQL, whose data is created at its first start.

    Raises:
        StackError: There is no PostgreSQL on this machine, or its data cannot be created.
    """
    programs = postgresql_programs()
    if programs is None:
        raise StackError(
            "STORE=postgresql needs PostgreSQL (apt install postgresql, or brew install "
            "postgresql), or the URL of a running server in DATABASE_URL. STORE=sqlite needs "
            "nothing."
        )
    data = run.postgresql / "data"
    if not (data / "PG_VERSION").exists():
        _create(programs, run, data)
    options = {
        "listen_addresses": HOST,
        "port": str(ports.postgresql),
        # A socket's path has a limit of about 100 bytes, which a run directory's may exceed.
        "unix_socket_directories": "",
    }
    command = [*_unprivileged(), str(programs / "postgres"), "-D", run.relative(data)]
    command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    ready = postgresql_ready(HOST, ports.postgresql, USER, DATABASE)
    return ProcessSpec("postgresql", command, Stage.BACKEND, ready)


def postgresql_url(run: RunDirectory, ports: Ports) -> str:
    """Return the connection string of the stack's own server."""
    password = run_password(run.postgresql)
    return f"postgresql://{USER}:{password}@{HOST}:{ports.postgresql}/{DATABASE}?sslmode=disable"


def given_url(env: Mapping[str, str]) -> str | None:
    """Return the connection string of a server that runs already, if one is named."""
    return env.get("DATABASE_URL") or None


def postgresql_programs() -> Path | None:
    """Return the folder of PostgreSQL's programs; None where it is not installed."""
    if found := shutil.which("initdb"):
        # As the other programs of its version are, whatever its name on PATH points to.
        return Path(found).resolve().parent
    folders = (folder for pattern in _FOLDERS for folder in Path("/").glob(pattern[1:]))
    installed = [folder for folder in folders if (folder / "initdb").exists()]
    return max(installed, key=_version, default=None)


def _version(folder: Path) -> int:
    digits = "".join(c for c in folder.parent.name if c.isdigit())
    return int(digits or 0)


def _unprivileged() -> list[str]:
    """Return what a command begins with so that root can run it: PostgreSQL refuses root.

    In a user namespace the process has another id for itself, and root's rights to its files.
    """
    if os.geteuid() != 0:
        return []
    unshare = shutil.which("unshare")
    if unshare is None:
        raise StackError(
            "PostgreSQL does not run as root, and there is no unshare (util-linux) to run it as "
            "another user. Use another account, or a running server by DATABASE_URL."
        )
    return [unshare, "--user", "--map-user=1000", "--map-group=1000"]


def _create(programs: Path, run: RunDirectory, data: Path) -> None:
    """Create the database cluster, whole or not at all."""
    password = run.postgresql / "password"
    run_password(run.postgresql)
    new = Path(tempfile.mkdtemp(prefix="new-", dir=run.postgresql))
    command = [
        *_unprivileged(),
        *(str(programs / "initdb"), "--pgdata", run.relative(new), "--username", USER),
        *("--auth=scram-sha-256", "--pwfile", run.relative(password)),
        *("--encoding=UTF8", "--locale=C"),
    ]
    created = subprocess.run(command, cwd=run.root, capture_output=True, text=True, check=False)
    if created.returncode != 0:
        shutil.rmtree(new)
        raise StackError(f"initdb cannot create PostgreSQL's data: {created.stderr.strip()}")
    new.rename(data)
