"""Builds Dapr from its Go module, for machines that reach no release downloads."""

import os
import subprocess
import tempfile
import time
from pathlib import Path

from rich.console import Console

from stack.dapr_binaries import PROGRAMS
from stack.dapr_download import install
from stack.errors import StackError
from stack.paths import DAPR_MODULE

# The official build of the sidecar has these components; the others have no variants.
_TAGS = {"daprd": ["-tags", "stablecomponents"]}
_POLL_SECONDS = 0.2


def build_dapr(go: str, version: str, target: Path, console: Console) -> None:
    """Build the three programs.

    Args:
        go: The Go command.
        version: The version of the programs; the module pins the same one.
        target: The folder to create; it appears complete or not at all.
        console: Where progress is shown.

    Raises:
        StackError: The build failed; the message ends with the output of Go.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".build-") as scratch:
        staged = Path(scratch) / "bin"
        staged.mkdir()
        for number, name in enumerate(PROGRAMS, start=1):
            label = f"Building Dapr {version} from source, {number} of {len(PROGRAMS)}: {name}"
            _build(_command(go, name, version, staged), Path(scratch) / "log", label, console)
        install(staged, target)


def _command(go: str, name: str, version: str, staged: Path) -> list[str]:
    flags = f"-s -w -X github.com/dapr/dapr/pkg/buildinfo.version={version}"
    package = f"github.com/dapr/dapr/cmd/{name}"
    tags = _TAGS.get(name, [])
    return [
        *(go, "build", "-C", str(DAPR_MODULE), "-buildvcs=false"),
        *(*tags, "-ldflags", flags, "-o", str(staged / name), package),
    ]


def _build(command: list[str], log: Path, label: str, console: Console) -> None:
    started = time.monotonic()
    with (
        log.open("wb") as output,
        console.status(label) as status,
        subprocess.Popen(
            command, stdout=output, stderr=output, env={**os.environ, "CGO_ENABLED": "0"}
        ) as build,
    ):
        try:
            while build.poll() is None:
                status.update(f"{label} ({time.monotonic() - started:.0f} s)")
                time.sleep(_POLL_SECONDS)
        except BaseException:
            build.terminate()
            raise
    if build.returncode != 0:
        output_tail = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-15:]
        raise StackError(f"{label} failed:\n" + "\n".join(output_tail))
    console.print(f"{label} took {time.monotonic() - started:.0f} s")
