"""The places where Dapr is found, and the versions that are accepted."""

from pathlib import Path

import pytest

from stack.dapr_binaries import PROGRAMS, cache_directory, find_dapr
from stack.errors import StackError
from stack.paths import pinned_dapr_version

OTHER_PATCH = ".".join([*pinned_dapr_version().split(".")[:2], "99"])


def place_dapr(directory: Path, version: str, without: str = "") -> Path:
    """Put programs that report a version into a folder."""
    directory.mkdir(parents=True)
    for name in PROGRAMS:
        if name != without:
            (directory / name).write_text(f"#!/bin/sh\necho {version}\n")
            (directory / name).chmod(0o755)
    return directory.resolve()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder in which nothing is installed yet."""
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    return tmp_path


def environment(home: Path, **more: str) -> dict[str, str]:
    return {"PATH": str(home / "path"), "XDG_CACHE_HOME": str(home / "cache"), **more}


def test_nothing_is_found_on_a_fresh_machine(home: Path) -> None:
    assert find_dapr(environment(home)) is None


def test_path_precedes_the_dapr_folder_and_that_the_cache(home: Path) -> None:
    env = environment(home)
    places = [cache_directory(env), home / ".dapr" / "bin", home / "path"]
    for place in places:
        placed = place_dapr(place, pinned_dapr_version())
        found = find_dapr(env)
        assert found is not None
        assert found.directory == placed


def test_the_named_folder_comes_first(home: Path) -> None:
    place_dapr(home / "path", pinned_dapr_version())
    named = place_dapr(home / "named", OTHER_PATCH)
    found = find_dapr(environment(home, DAPR_BIN_DIR=str(named)))
    assert found is not None
    assert (found.directory, found.version) == (named, OTHER_PATCH)


def test_a_named_folder_without_dapr_is_an_error(home: Path) -> None:
    place_dapr(home / "path", pinned_dapr_version())
    with pytest.raises(StackError, match="DAPR_BIN_DIR"):
        find_dapr(environment(home, DAPR_BIN_DIR=str(home / "nowhere")))


@pytest.mark.parametrize("missing", PROGRAMS)
def test_an_incomplete_set_is_skipped(home: Path, missing: str) -> None:
    place_dapr(home / "path", pinned_dapr_version(), without=missing)
    whole = place_dapr(home / ".dapr" / "bin", pinned_dapr_version())
    found = find_dapr(environment(home))
    assert found is not None
    assert found.directory == whole


@pytest.mark.parametrize("version", ["1.17.9", "1.180.2", "2.18.2", "edge", ""])
def test_another_minor_version_is_skipped(home: Path, version: str) -> None:
    place_dapr(home / "path", version)
    assert find_dapr(environment(home)) is None


def test_another_patch_is_accepted_unless_one_is_required(home: Path) -> None:
    place_dapr(home / "path", OTHER_PATCH)
    found = find_dapr(environment(home))
    assert found is not None
    assert found.version == OTHER_PATCH
    assert find_dapr(environment(home, DAPR_VERSION=pinned_dapr_version())) is None
    assert find_dapr(environment(home, DAPR_VERSION=f"v{OTHER_PATCH}")) is not None


def test_programs_for_another_machine_are_skipped(home: Path) -> None:
    place_dapr(home / "path", pinned_dapr_version())
    (home / "path" / "daprd").write_bytes(b"\xcf\xfa\xed\xfe not for this machine")
    assert find_dapr(environment(home)) is None


def test_each_version_has_its_cache(home: Path) -> None:
    assert cache_directory(environment(home)).name == pinned_dapr_version()
    assert cache_directory(environment(home, DAPR_VERSION="1.18.6")).name == "1.18.6"


def test_a_user_without_a_home_needs_a_folder_for_dapr(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    assert find_dapr({"PATH": str(home / "path")}) is None
    with pytest.raises(StackError, match="HOME or XDG_CACHE_HOME"):
        cache_directory({})
    placed = place_dapr(home / "path", pinned_dapr_version())
    found = find_dapr({"PATH": str(home / "path")})
    assert found is not None
    assert found.directory == placed
