"""Paths in the checkout and in the user's cache."""

import sys
from collections.abc import Mapping
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
COMPONENTS = PROJECT / "components"
DAPR_MODULE = PROJECT / "tools" / "dapr"


def pinned_dapr_version() -> str:
    """Return the Dapr version that the project is tested with."""
    return (DAPR_MODULE / "VERSION").read_text(encoding="utf-8").strip()


def user_cache(env: Mapping[str, str]) -> Path:
    """Return the cache folder by the convention of the platform."""
    if xdg := env.get("XDG_CACHE_HOME"):
        return Path(xdg) / "taskway"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "taskway"
    return Path.home() / ".cache" / "taskway"
