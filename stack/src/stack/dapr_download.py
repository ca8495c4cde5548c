"""Fetches the official Dapr release into the user's cache."""

import hashlib
import platform
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

import httpx
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from stack.dapr_binaries import PROGRAMS
from stack.errors import StackError

RELEASES = "https://github.com/dapr/dapr/releases/download"
_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_NETWORK_VARIABLES = {"ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "SSL_CERT_DIR", "SSL_CERT_FILE"}
# Offline machines fail fast; slow lines may take their time.
_TIMEOUT = httpx.Timeout(30, connect=5)


def release_platform() -> tuple[str, str]:
    """Return this machine's names in Dapr's release files, such as linux and amd64.

    Raises:
        StackError: Dapr publishes nothing for this machine.
    """
    architecture = _ARCHITECTURES.get(platform.machine().lower())
    if sys.platform not in ("linux", "darwin") or architecture is None:
        raise StackError(f"Dapr publishes no release for {sys.platform} {platform.machine()}.")
    return sys.platform, architecture


def download_dapr(version: str, target: Path, console: Console, client: httpx.Client) -> None:
    """Download, verify and unpack the programs of a release.

    Args:
        version: The release, without a leading v.
        target: The folder to create; it appears complete or not at all.
        console: Where progress is shown.
        client: Fetches; see `release_client`.

    Raises:
        StackError: A file does not match its checksum, or lacks the program.
        httpx.HTTPError: The release cannot be reached.
    """
    system, architecture = release_platform()
    target.parent.mkdir(parents=True, exist_ok=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with (
        tempfile.TemporaryDirectory(dir=target.parent, prefix=".download-") as scratch,
        Progress(*columns, TransferSpeedColumn(), console=console, transient=True) as progress,
    ):
        staged = Path(scratch) / "bin"
        staged.mkdir()
        for name in PROGRAMS:
            url = f"{RELEASES}/v{version}/{name}_{system}_{architecture}.tar.gz"
            archive = Path(scratch) / f"{name}.tar.gz"
            checksum = _fetch(client, url, archive, progress, name)
            _verify(client, url, checksum)
            _unpack(archive, name, staged)
        install(staged, target)


def release_client(env: Mapping[str, str]) -> httpx.Client:
    """Return a client with the time-outs that suit a download.

    Args:
        env: The environment, whose proxy and certificates httpx uses.

    Raises:
        httpx.TransportError: They cannot be used; the message names the variables.
    """
    try:
        return httpx.Client(follow_redirects=True, timeout=_TIMEOUT)
    except (ImportError, OSError, ValueError, httpx.InvalidURL) as error:
        names = ", ".join(sorted(name for name in env if name.upper() in _NETWORK_VARIABLES))
        raise httpx.TransportError(f"{names or 'httpx'} cannot be used: {error}") from error


def install(staged: Path, target: Path) -> None:
    """Move a complete folder into place, unless another process has done so."""
    try:
        staged.rename(target)
    except OSError:
        if not all((target / name).exists() for name in PROGRAMS):
            raise


def _fetch(client: httpx.Client, url: str, archive: Path, progress: Progress, name: str) -> str:
    digest = hashlib.sha256()
    with client.stream("GET", url) as response, archive.open("wb") as file:
        response.raise_for_status()
        length = int(response.headers.get("Content-Length", 0)) or None
        task = progress.add_task(f"{name:<10}", total=length)
        for chunk in response.iter_bytes():
            file.write(chunk)
            digest.update(chunk)
            progress.update(task, advance=len(chunk))
    return digest.hexdigest()


def _verify(client: httpx.Client, url: str, checksum: str) -> None:
    answer = client.get(f"{url}.sha256").raise_for_status().text.split()
    if not answer or answer[0].lower() != checksum:
        raise StackError(f"{url} does not match its published SHA-256: nothing was installed.")


def _unpack(archive: Path, name: str, staged: Path) -> None:
    with tarfile.open(archive) as tar:
        members = [member for member in tar if Path(member.name).name == name and member.isfile()]
        content = tar.extractfile(members[0]) if members else None
        if content is None:
            raise StackError(f"{archive.name} does not contain {name}.")
        with (staged / name).open("wb") as file:
            shutil.copyfileobj(content, file)
    (staged / name).chmod(0o755)
