"""Check that the project has one version, or set it: `python tools/version.py [--set X.Y.Z]`.

The version stands in the pyproject.toml of the workspace and of each member, in uv.lock, in the
label `app.kubernetes.io/version`, and as the newest heading of CHANGELOG.md.
"""

import argparse
import re
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
CHANGELOG = "CHANGELOG.md"
LOCK = "uv.lock"
LABEL = "k8s/base/kustomization.yaml"
UNRELEASED = "## [Unreleased]\n"

# What semver.org and PEP 440 write alike: three numbers, and no suffix.
FORM = re.compile(r"\d+\.\d+\.\d+")
PYPROJECT_VERSION = re.compile(r'^(version = ")([^"]+)(")$', re.M)
LOCK_VERSION = re.compile(r'^(name = "taskway[a-z-]*"\nversion = ")([^"]+)(")$', re.M)
LABEL_VERSION = re.compile(r"^( *app\.kubernetes\.io/version: )(\S+)()$", re.M)
RELEASE = re.compile(r"^(## \[)(\d[^\]]*)(\] - \d{4}-\d{2}-\d{2})$", re.M)


def main(arguments: list[str] | None = None) -> int:
    """Return 0 where the project has one version; else print which file has which, and return 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--set", dest="version", metavar="X.Y.Z", help="the version to set")
    version = parser.parse_args(arguments).version
    if version is not None:
        if not FORM.fullmatch(version):
            parser.error(f"{version} is not a version such as 1.2.3")
        set_version(PROJECT, version, datetime.now(UTC).date())
    found = versions(PROJECT)
    if len(set(found.values())) == 1:
        print(f"Version {next(iter(found.values()))}")
        return 0
    print("The versions differ; `make version TO=X.Y.Z` sets them:", file=sys.stderr)
    for name, value in found.items():
        print(f"  {value:10} {name}", file=sys.stderr)
    return 1


def versions(project: Path) -> dict[str, str]:
    """Return the version that each file has, `none` where it has none.

    Args:
        project: The folder of the checkout.
    """
    found = {}
    for name, pattern in places(project):
        values = {match[2] for match in pattern.finditer(read(project / name))}
        if name == CHANGELOG:
            newest = RELEASE.search(read(project / name))
            values = {newest[2]} if newest else set()
        found[name] = " and ".join(sorted(values)) or "none"
    return found


def set_version(project: Path, version: str, today: date) -> None:
    """Write a version to every file; in the changelog, under it goes what was unreleased.

    Args:
        project: The folder of the checkout.
        version: The version, such as `1.2.3`.
        today: The day of the release, in UTC.
    """
    for name, pattern in places(project):
        path, text = project / name, read(project / name)
        if name != CHANGELOG:
            text = pattern.sub(lambda match: f"{match[1]}{version}{match[3]}", text)
        elif version not in {match[2] for match in pattern.finditer(text)}:
            text = text.replace(UNRELEASED, f"{UNRELEASED}\n## [{version}] - {today}\n", 1)
        path.write_text(text, encoding="utf-8")


def places(project: Path) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield each file that has the version, and the pattern whose second group it is."""
    workspace = tomllib.loads(read(project / "pyproject.toml"))["tool"]["uv"]["workspace"]
    yield "pyproject.toml", PYPROJECT_VERSION
    for member in workspace["members"]:
        for path in sorted(project.glob(f"{member}/pyproject.toml")):
            yield path.relative_to(project).as_posix(), PYPROJECT_VERSION
    yield LOCK, LOCK_VERSION
    yield LABEL, LABEL_VERSION
    yield CHANGELOG, RELEASE


def read(path: Path) -> str:
    """Return the text of a file."""
    return path.read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
