"""Every example of docs/building-blocks.md runs in the test kit, as it stands."""

import inspect
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[3] / "docs/building-blocks.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS = re.compile(r"^```python\n(.*?)^```\n", re.M | re.S)


def code() -> str:
    """Return the page's code, each line of it where the page has it."""
    lines = [""] * TEXT.count("\n")
    for block in BLOCKS.finditer(TEXT):
        first = TEXT.count("\n", 0, block.start(1))
        for number, line in enumerate(block[1].splitlines()):
            lines[first + number] = line
    return "\n".join(lines)


def examples() -> dict[str, Any]:
    """Return what the page's code defines."""
    names: dict[str, Any] = {"__name__": "building_blocks"}
    exec(compile(code(), str(PAGE), "exec"), names)  # noqa: S102 - it is our own page
    return names


NAMES = examples()
TESTS = [name for name in NAMES if name.startswith("test_")]


@pytest.mark.parametrize("name", TESTS)
async def test_an_example_runs(name: str) -> None:
    outcome = NAMES[name]()
    if inspect.isawaitable(outcome):
        await outcome


def test_every_section_has_an_example() -> None:
    for section in TEXT.split("\n## ")[1:]:
        assert re.search(r"^(async )?def test_", section, re.M), section.partition("\n")[0]


def test_the_code_keeps_the_rules_of_the_linter() -> None:
    # It is linted as the code of a test, which may assert; `make check` formats the page itself.
    name = "services/orchestrator/tests/building_blocks.py"
    ruff = str(Path(sys.executable).with_name("ruff"))
    done = subprocess.run(
        [ruff, "check", "--no-cache", "--stdin-filename", name, "-"],
        input=code(),
        cwd=PAGE.parents[1],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
