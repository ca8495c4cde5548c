"""Provides Dapr: found, downloaded, or built, in this order."""

import shutil
from collections.abc import Mapping

import httpx
from rich.console import Console

from stack.dapr_binaries import DaprBinaries, cache_directory, find_dapr, wanted_version
from stack.dapr_build import build_dapr
from stack.dapr_download import download_dapr, release_client
from stack.errors import StackError
from stack.paths import pinned_dapr_version


def provide_dapr(env: Mapping[str, str], console: Console) -> DaprBinaries:
    """Return Dapr's programs; where the machine has none, download or build them once.

    Args:
        env: The environment that `find_dapr` reads.
        console: Takes messages on progress.

    Raises:
        StackError: They cannot be provided; the message says what to install.
    """
    if found := find_dapr(env):
        return found
    version = wanted_version(env)
    console.print(f"Dapr {version} is not on this machine: downloading its release …")
    try:
        with release_client(env) as client:
            download_dapr(version, cache_directory(env), console, client)
    except httpx.HTTPError as error:
        console.print(f"The download failed: {error}")
        _build_instead(version, env, console)
    if found := find_dapr(env):
        return found
    raise StackError(f"Dapr {version} in {cache_directory(env)} does not run on this machine.")


def _build_instead(version: str, env: Mapping[str, str], console: Console) -> None:
    go = shutil.which("go", path=env.get("PATH"))
    if go is None:
        raise StackError(
            f"Dapr {version} can be neither downloaded nor built. Any of these helps:\n"
            "  - a way to github.com (HTTPS_PROXY is honoured)\n"
            "  - the Dapr CLI's runtime: dapr init --slim "
            f"--runtime-version {version}\n"
            "  - daprd, placement and scheduler in a folder named by DAPR_BIN_DIR\n"
            "  - Go, to build it from source (https://go.dev/dl)"
        )
    if version != pinned_dapr_version():
        raise StackError(
            f"Only Dapr {pinned_dapr_version()} can be built here (tools/dapr/go.mod pins it). "
            f"Unset DAPR_VERSION, or put {version} in a folder named by DAPR_BIN_DIR."
        )
    build_dapr(go, version, cache_directory(env), console)
