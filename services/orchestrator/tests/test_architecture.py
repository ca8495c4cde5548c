"""The rules of the layout fail where they are broken, and the pure modules are pure when imported.

`make check` runs the rules over the code; here each of them is broken in a copy.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SOURCE = Path("services/orchestrator/src/orchestrator")
WORKFLOWS = ROOT / SOURCE / "workflows"
IMPURE = {"activities", "actor", "adapters", "registration", "registrations", "routes", "settings"}
"""Names of modules and packages of a workflow that may do I/O."""
PURE = sorted(
    ".".join(("orchestrator.workflows", *path.relative_to(WORKFLOWS).with_suffix("").parts))
    for path in WORKFLOWS.rglob("*.py")
    if not IMPURE & set(path.relative_to(WORKFLOWS).with_suffix("").parts)
    and path.name != "__init__.py"
)
PLANTED = {
    "metrics.py": "import orchestrator.engine.client",
    "surprise/__init__.py": "",
    "workflows/order/saga.py": "import orchestrator.workflows.task.workflow",
    "engine/replay_executor.py": "import orchestrator.engine.worker",
    "engine/worker.py": "import orchestrator.engine.replay_executor",
    "telemetry/activity_spans.py": "import orchestrator.telemetry.wait_spans",
    "workflows/research/steps.py": "import httpx",
    "workflows/monitor/workflow.py": "import orchestrator.workflows.monitor.adapters.ssrf_guard",
    "toolkit/people.py": "import orchestrator.toolkit.peers.assigner",
}
FINDINGS = {
    "The orchestrator's layers": [
        r"orchestrator\.metrics is not allowed to import orchestrator\.engine",
        r"not listed as layers: - orchestrator\.surprise",
    ],
    "Workflows are independent of each other": [
        r"orchestrator\.workflows\.order is not allowed to import orchestrator\.workflows\.task",
    ],
    "No package takes part in an import cycle": [
        r"No cycles are allowed in orchestrator\. ",
        r"No cycles are allowed in orchestrator\.engine\.",
        r"No cycles are allowed in orchestrator\.telemetry\.",
    ],
    "Workflows reach the world through activities only": [
        r"orchestrator\.workflows\.research\.steps is not allowed to import httpx",
        # By another module, which imports it.
        r"orchestrator\.workflows\.research\.workflow is not allowed to import httpx",
        r"orchestrator\.workflows\.monitor\.workflow is not allowed to import "
        r"orchestrator\.workflows\.monitor\.adapters",
        r"orchestrator\.toolkit\.people is not allowed to import orchestrator\.toolkit\.peers",
    ],
}


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What import-linter says of a copy in which every rule is broken, with single spaces."""
    copy = tmp_path_factory.mktemp("broken")
    shutil.copytree(ROOT / SOURCE, copy / SOURCE)
    shutil.copy(ROOT / "pyproject.toml", copy)
    for name, line in PLANTED.items():
        path = copy / SOURCE / name
        path.parent.mkdir(exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(f"\n{line}\n")
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy / SOURCE.parent)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stderr
    return re.sub(r"\s+", " ", done.stdout)


@pytest.mark.parametrize("contract", FINDINGS)
def test_a_rule_fails_where_it_is_broken(report: str, contract: str) -> None:
    assert f"{contract} BROKEN" in report
    for finding in FINDINGS[contract]:
        assert re.search(finding, report), finding


def test_a_rule_that_is_not_broken_is_kept(report: str) -> None:
    assert "Services are independent KEPT" in report


def test_pure_modules_load_nothing_that_does_io() -> None:
    code = (
        "import sys, importlib\n"
        f"for name in {PURE!r}:\n"
        "    importlib.import_module(name)\n"
        "io = {'httpx', 'fastapi', 'servicekit', 'structlog', 'pydantic_settings'}\n"
        "print(sorted(io & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
    assert "orchestrator.workflows.order.saga" in PURE
