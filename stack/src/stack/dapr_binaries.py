"""Finds the three Dapr programs on this machine."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError
from stack.paths import pinned_dapr_version, user_cache, user_home

PROGRAMS = ("daprd", "placement", "scheduler")


@dataclass(frozen=True)
class DaprBinaries:
    """A complete set of Dapr programs of one version."""

    directory: Path
    version: str

    @property
    def daprd(self) -> Path:
        """The sidecar."""
        return self.directory / "daprd"

    @property
    def placement(self) -> Path:
        """The placement service, which assigns actors to sidecars."""
        return self.directory / "placement"

    @property
    def scheduler(self) -> Path:
        """The scheduler service, which stores timers and reminders."""
        return self.directory / "scheduler"


def wanted_version(env: Mapping[str, str]) -> str:
    """Return the version to use: DAPR_VERSION, or the one the project is tested with."""
    return env.get("DAPR_VERSION", "").removeprefix("v") or pinned_dapr_version()


def cache_directory(env: Mapping[str, str]) -> Path:
    """Return the per-user folder for the wanted version."""
    return user_cache(env) / "dapr" / wanted_version(env)


def find_dapr(env: Mapping[str, str]) -> DaprBinaries | None:
    """Return the first suitable set on this machine, or None.

    Any patch of the tested minor version will do, unless DAPR_VERSION asks for one exactly.

    Args:
        env: The environment: DAPR_BIN_DIR, DAPR_VERSION, PATH and XDG_CACHE_HOME are read.

    Raises:
        StackError: DAPR_BIN_DIR is set and contains no suitable set.
    """
    if named := env.get("DAPR_BIN_DIR"):
        # By os.path, which leaves a `~` as it is where there is no home folder.
        found = _inspect(Path(os.path.expanduser(named)), env)
        if found is None:
            raise StackError(
                f"DAPR_BIN_DIR={named} does not contain {', '.join(PROGRAMS)} of Dapr "
                f"{_accepted(env)}. Unset it to let them be found or fetched."
            )
        return found
    sets = (_inspect(directory, env) for directory in _places(env))
    return next((found for found in sets if found), None)


def _places(env: Mapping[str, str]) -> Iterator[Path]:
    if on_path := shutil.which("daprd", path=env.get("PATH")):
        yield Path(on_path).parent
    home = user_home()
    if home is not None:
        yield home / ".dapr" / "bin"
    if home is not None or env.get("XDG_CACHE_HOME"):
        yield cache_directory(env)


def _inspect(directory: Path, env: Mapping[str, str]) -> DaprBinaries | None:
    if not all(shutil.which(name, path=str(directory)) for name in PROGRAMS):
        return None
    version = _version_of(directory / "daprd")
    return DaprBinaries(directory.resolve(), version) if _suits(version, env) else None


def _version_of(daprd: Path) -> str:
    """Return the version of the program, or an empty text where it does not run here."""
    try:
        answer = subprocess.run(
            [daprd, "--version"], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip().removeprefix("v")


def _suits(version: str, env: Mapping[str, str]) -> bool:
    if env.get("DAPR_VERSION"):
        return version == wanted_version(env)
    return version.split(".")[:2] == pinned_dapr_version().split(".")[:2]


def _accepted(env: Mapping[str, str]) -> str:
    if env.get("DAPR_VERSION"):
        return wanted_version(env)
    return ".".join(pinned_dapr_version().split(".")[:2]) + ".x"
