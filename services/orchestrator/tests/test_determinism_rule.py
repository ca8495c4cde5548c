"""The lint rule keeps workflow code deterministic."""

import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.toolkit.definition import Definition
from orchestrator.workflows.registrations import WORKFLOWS
from tools.check_patches import SOURCE, patches

DEFINITIONS = [workflow.definition for workflow in WORKFLOWS]
ROOT = Path(__file__).parents[3]
WORKFLOW = "services/orchestrator/src/orchestrator/workflows/new/workflow.py"
ACTIVITY = "services/orchestrator/src/orchestrator/workflows/new/activities.py"
# Banned names, the builtin open, and print, which no service needs.
RULES = {"TID251", "PTH123", "T201"}
FORBIDDEN = [
    "from datetime import UTC, datetime\n\nNOW = datetime.now(UTC)\n",
    "import time\n\nNOW = time.time()\n",
    "import random\n\nDRAW = random.random()\n",
    "from uuid import uuid4\n\nID = uuid4()\n",
    "import os\n\nHOME = os.environ['HOME']\n",
    "import httpx\n\nHTTP = httpx.Client()\n",
    "from pathlib import Path\n\nTEXT = Path('x').read_text()\n",
    "import asyncio\n\nSLEEP = asyncio.sleep(1)\n",
    "TEXT = open('x').read()\n",
    "print('x')\n",
]


def lint(code: str, path: str) -> str:
    """Return what ruff says about `code` at `path`."""
    command = [
        *(sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format", "concise"),
        *("--stdin-filename", path, "-"),
    ]
    return subprocess.run(command, input=code, cwd=ROOT, capture_output=True, text=True).stdout


@pytest.mark.parametrize("code", FORBIDDEN)
def test_a_workflow_may_not(code: str) -> None:
    assert RULES & set(lint(code, WORKFLOW).split())


@pytest.mark.parametrize("code", FORBIDDEN)
def test_an_activity_may(code: str) -> None:
    assert not RULES & set(lint(code, ACTIVITY).split()) - {"T201"}


def test_a_workflow_may_use_the_clock_of_its_history() -> None:
    code = "from datetime import timedelta\n\nDAY = timedelta(days=1)\n"
    assert not RULES & set(lint(code, WORKFLOW).split())


PATCHED = """
def workflow(ctx, request):
    if {call}("a-step"):
        yield ctx.call_activity("a_step")
"""


@pytest.mark.parametrize("place", ["workflows/new/workflow.py", "toolkit/people.py"])
@pytest.mark.parametrize("call", ["ctx.is_patched", "self._ctx.is_patched"])
def test_what_new_instances_run_may_not_ask_for_a_patch(
    tmp_path: Path, place: str, call: str
) -> None:
    path = tmp_path / place
    path.parent.mkdir(parents=True)
    path.write_text(PATCHED.format(call=call), encoding="utf-8")
    assert list(patches(tmp_path)) == [f"{place}:3: make a version instead of a patch"]


def test_an_earlier_version_may(tmp_path: Path) -> None:
    path = tmp_path / "workflows/new/workflow_v2.py"
    path.parent.mkdir(parents=True)
    path.write_text(PATCHED.format(call="ctx.is_patched"), encoding="utf-8")
    assert list(patches(tmp_path)) == []


def test_no_workflow_asks_for_a_patch() -> None:
    assert list(patches(SOURCE)) == []


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda definition: definition.name)
def test_no_new_instance_runs_an_earlier_version(definition: Definition) -> None:
    running = [definition.workflow, *definition.children.values()]
    assert [w.__module__ for w in running if ".workflow_v" in w.__module__] == []
