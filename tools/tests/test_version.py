"""One version for the whole project: it is checked, and set, in every place that has it."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from tools import version

TODAY = date(2026, 12, 1)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the files that have the version."""
    for name, _ in version.places(version.PROJECT):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(version.PROJECT / name, tmp_path / name)
    monkeypatch.setattr(version, "PROJECT", tmp_path)
    return tmp_path


def test_the_project_has_one_version() -> None:
    found = version.versions(version.PROJECT)
    assert len(set(found.values())) == 1, found
    assert {"pyproject.toml", "cli/pyproject.toml", "uv.lock", "CHANGELOG.md"} <= set(found)


def test_every_place_is_set(project: Path) -> None:
    version.set_version(project, "7.8.9", TODAY)
    assert set(version.versions(project).values()) == {"7.8.9"}
    assert 'python_version = "3.11"' in (project / "pyproject.toml").read_text()
    changelog = (project / "CHANGELOG.md").read_text()
    assert changelog.index("## [Unreleased]") < changelog.index("## [7.8.9] - 2026-12-01")


def test_setting_a_version_again_changes_nothing(project: Path) -> None:
    version.set_version(project, "7.8.9", TODAY)
    before = {name: (project / name).read_text() for name, _ in version.places(project)}
    version.set_version(project, "7.8.9", date(2026, 12, 2))
    assert {name: (project / name).read_text() for name, _ in version.places(project)} == before


@pytest.mark.parametrize(
    "name", ["stack/pyproject.toml", "uv.lock", "k8s/base/kustomization.yaml", "CHANGELOG.md"]
)
def test_a_place_that_differs_fails_the_check_and_is_named(
    project: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert version.main([]) == 0
    today = version.versions(project)[name]
    path = project / name
    path.write_text(path.read_text().replace(today, "9.9.9", 1))
    assert version.main([]) == 1
    assert name in capsys.readouterr().err


def test_what_is_no_version_is_refused(project: Path) -> None:
    with pytest.raises(SystemExit):
        version.main(["--set", "next"])
    assert version.main([]) == 0
