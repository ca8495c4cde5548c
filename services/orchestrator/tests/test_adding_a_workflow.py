"""docs/adding-a-workflow.md, followed word for word in a copy of the orchestrator."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ORCHESTRATOR = Path("services/orchestrator")
PAGE = (ROOT / "docs/adding-a-workflow.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^`(services/\S+\.py)`:\n\n```python\n(.*?)^```", PAGE, re.M | re.S))
[IMPORT, LINE] = re.findall(r"^    (from \S+ import WORKFLOW as LEAVE\n|LEAVE,\n)", PAGE, re.M)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project with the page's files in it."""
    shutil.copytree(ROOT / ORCHESTRATOR / "src", tmp_path / ORCHESTRATOR / "src")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(text, encoding="utf-8")
    registrations = tmp_path / ORCHESTRATOR / "src/orchestrator/workflows/registrations.py"
    text = registrations.read_text(encoding="utf-8")
    for anchor, line in (
        ("from orchestrator.workflows.monitor.registration", IMPORT),
        ("    TRACKED_TASK,\n", "    " + LINE),
    ):
        assert text.count(anchor) == 1
        text = text.replace(anchor, line + anchor)
    registrations.write_text(text, encoding="utf-8")
    return tmp_path


def python(copy: Path, *args: str) -> str:
    """Run Python in the copy, and return what it prints."""
    env = {**os.environ, "PYTHONPATH": str(copy / ORCHESTRATOR / "src")}
    command = [sys.executable, *args]
    done = subprocess.run(command, cwd=copy, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_page_has_the_files() -> None:
    assert [Path(name).name for name in FILES] == [
        "workflow.py",
        "activities.py",
        "registration.py",
        "test_workflow.py",
    ]


def test_its_tests_pass(copy: Path) -> None:
    out = python(copy, "-m", "pytest", "-q", "-c", "pyproject.toml", "services/orchestrator/tests")
    assert "3 passed" in out


def test_it_is_in_the_api(copy: Path) -> None:
    code = (
        "from orchestrator.main import create_app; from orchestrator.settings import Settings;"
        "print(*create_app(Settings()).openapi()['paths'])"
    )
    paths = python(copy, "-c", code).split()
    assert {"/leaves", "/leaves/{instance_id}", "/leaves/{instance_id}/answer"} <= set(paths)


def test_its_code_is_as_the_project_s(copy: Path) -> None:
    files = [str(copy / name) for name in FILES]
    python(copy, "-m", "ruff", "check", "--no-cache", *files)
    python(copy, "-m", "ruff", "format", "--no-cache", "--check", *files)
