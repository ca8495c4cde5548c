"""The lint rule keeps workflow code deterministic."""

import subprocess
import sys
from pathlib import Path

import pytest

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
