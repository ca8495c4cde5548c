"""Paths in the checkout and in the user's cache."""

import sys
from collections.abc import Mapping
from pathlib import Path

from stack.errors import StackError

PROJECT = Path(__file__).resolve().parents[3]
COMPONENTS = PROJECT / "components"
DAPR_MODULE = PROJECT / "tools" / "dapr"
DEFAULT_RUN_DIR = PROJECT / ".run"


def pinned_dapr_version() -> str:
    """Return the Dapr version that the project is tested with."""
    return (DAPR_MODULE / "VERSION").read_text(encoding="utf-8").strip()


def user_home() -> Path | None:
    """Return the user's home folder; None where there is none, as for a user without a name."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def user_cache(env: Mapping[str, str]) -> Path:
    """Return the cache folder by the convention of the platform.

    Raises:
        StackError: The user has no home folder.
    """
    if xdg := env.get("XDG_CACHE_HOME"):
        return Path(xdg) / "taskway"
    home = user_home()
    if home is None:
        raise StackError(
            "There is no folder for Dapr: this user has no home. Set HOME or XDG_CACHE_HOME, or "
            "name a folder that contains Dapr by DAPR_BIN_DIR."
        )
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "taskway"
    return home / ".cache" / "taskway"
