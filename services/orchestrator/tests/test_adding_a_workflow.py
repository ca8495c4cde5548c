"""docs/adding-a-workflow.md, followed word for word in a copy of the project.

Here runs what `make test-unit` and `make check` run of the page's concern: its own tests and every
other that depends on the hosted workflows, types, lint, architecture and links.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/adding-a-workflow.md").read_text(encoding="utf-8")
PARTS = PAGE.split("\n## Part ")[1:]
SOURCE, TESTS = "services/orchestrator/src", "services/orchestrator/tests"

CODE = r"(?P<{0}fence>```+)\w+\n(?P<{0}>.*?)^(?P={0}fence)\n"
STEP = re.compile(
    r"^    (?P<command>(?:mkdir|touch|rm) [^\n]*)\n"
    r"|^`(?P<new>\S+)`:\n\n" + CODE.format("text") + r"|^In `(?P<path>\S+)`, (?:replace|below)\n\n"
    r"" + CODE.format("before") + r"\n(?P<how>by|add)\n\n" + CODE.format("after"),
    re.M | re.S,
)
# Stands in for `make record`, which runs the sample on a real system.
RECORD = f"""
from datetime import timedelta
from pathlib import Path
from orchestrator.testing.environment import Send
from orchestrator.testing.replay import save
from workflows.leave.test_workflow import ask
run = ask(Send(timedelta(hours=1), "answer", {{"granted": True}}))
save(Path("{TESTS}/histories/leave-granted.json"), run.instance_id, run.history)
"""
PATHS = (
    "from orchestrator.main import create_app; from orchestrator.settings import Settings;"
    "print(*create_app(Settings()).openapi()['paths'])"
)


def steps(part: str) -> Iterator[re.Match[str]]:
    """Yield what a part of the page has its reader do, in order."""
    yield from STEP.finditer(part)


def follow(part: str, copy: Path) -> None:
    """Do in the copy what a part of the page says."""
    for step in steps(part):
        if step["command"]:
            run(copy, "/bin/bash", "-ec", step["command"])
        elif step["new"]:
            (copy / step["new"]).write_text(step["text"], encoding="utf-8")
        else:
            path, before, after = copy / step["path"], step["before"], step["after"]
            text = path.read_text(encoding="utf-8")
            assert text.count(before) == 1, f"{step['path']} has not once:\n{before}"
            changed = text.replace(before, after if step["how"] == "by" else before + after)
            path.write_text(changed, encoding="utf-8")


def run(copy: Path, *command: str) -> str:
    """Run a program of the environment in the copy, and return what it prints."""
    env = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST")}
    code = os.pathsep.join(str(copy / folder) for folder in (SOURCE, TESTS))
    typed = os.pathsep.join(str(copy / folder) for folder in (SOURCE, "tests"))
    env |= {"PYTHONPATH": code, "MYPYPATH": typed, "PYTHONDONTWRITEBYTECODE": "1"}
    program = [str(Path(sys.executable).parent / command[0]), *command[1:]]
    done = subprocess.run(program, cwd=copy, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run_tests(copy: Path, *files: str) -> str:
    return run(copy, "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *files)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, as a reader has it."""
    copy = tmp_path_factory.mktemp("project") / "taskway"
    ignored = shutil.ignore_patterns(".*", "__pycache__", "node_modules", "site")
    shutil.copytree(ROOT, copy, ignore=ignored)
    shutil.copytree(ROOT / ".github", copy / ".github")
    return copy


@pytest.fixture(scope="module")
def first_part(copy: Path) -> Path:
    """That project after the first part of the page."""
    follow(PARTS[0], copy)
    run(copy, "python", "-c", RECORD)
    return copy


@pytest.fixture(scope="module")
def followed(first_part: Path) -> Path:
    """That project after the whole page."""
    follow(PARTS[1], first_part)
    run(first_part, "python", "-c", RECORD)
    return first_part


def test_every_block_of_code_is_a_step() -> None:
    used = [text for part in PARTS for step in steps(part) for text in step.groupdict().values()]
    blocks = re.findall(r"^(```+)\w+\n(.*?)^\1\n", PAGE, re.M | re.S)
    assert [text for _fence, text in blocks if text not in used] == []


def test_the_tests_of_the_first_part_pass(first_part: Path) -> None:
    out = run_tests(
        first_part,
        f"{TESTS}/workflows/leave",
        f"{TESTS}/workflows/test_search_fields.py",
        f"{TESTS}/workflows/test_recorded_histories.py",
        # The other workflows are as they were.
        "-k",
        "leave",
    )
    assert re.search(r"^\d+ passed", out, re.M)


def test_every_test_that_depends_on_the_workflows_passes(followed: Path) -> None:
    hosting = [
        str(path)
        for path in sorted((followed / TESTS).rglob("test_*.py"))
        if path.name != Path(__file__).name
        and re.search(
            r"workflows\.registrations|unit_support\.catalogue|orchestrator\.main",
            path.read_text(encoding="utf-8"),
        )
    ]
    out = run_tests(followed, f"{TESTS}/workflows/leave", *hosting)
    assert re.search(r"^\d+ passed", out, re.M)


def test_its_addresses_are_in_the_api(followed: Path) -> None:
    paths = {*run(followed, "python", "-c", PATHS).split()}
    answer = "/leaves/{instance_id}/answer"
    assert {"/leaves", "/leaves/{instance_id}", answer, "/leave-accounts/{employee}"} <= paths


def test_its_code_is_as_the_project_s(followed: Path) -> None:
    files = sorted({s[g] for part in PARTS for s in steps(part) for g in ("new", "path") if s[g]})
    python = [file for file in files if file.endswith(".py")]
    run(followed, "ruff", "check", "--no-cache", *python)
    run(followed, "ruff", "format", "--no-cache", "--check", *python)
    typed = [file for file in python if not file.startswith(TESTS)]
    # What they import is of no concern: `make check` has other rules for tests than for code.
    run(followed, "mypy", "--cache-dir=mypy", "--follow-imports=silent", *typed)


def test_it_keeps_the_architecture_and_the_links(followed: Path) -> None:
    run(followed, "lint-imports", "--no-cache")
    run(followed, "python", "tools/check_links.py")
