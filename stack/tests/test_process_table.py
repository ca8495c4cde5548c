"""The list of a stack's processes, for other programs."""

import json
import os
from pathlib import Path

from stack.layout import RunDirectory
from stack.process_table import ProcessTable


def test_the_list_has_what_runs_until_it_is_removed(tmp_path: Path) -> None:
    run, warnings = RunDirectory(tmp_path), list[str]()
    table = ProcessTable(run, warnings.append)
    data = {"etcd": "http://127.0.0.1:2"}
    table.write({"notifier": "http://127.0.0.1:1"}, {"notifier": 7, "redis": 8}, data)
    table.write({"notifier": "http://127.0.0.1:1"}, {"redis": 8}, data)
    assert json.loads(run.processes.read_text()) == {
        "stack": os.getpid(),
        "urls": {"notifier": "http://127.0.0.1:1"},
        "pids": {"redis": 8},
        "data": {"etcd": "http://127.0.0.1:2"},
    }
    table.remove()
    table.remove()
    assert list(tmp_path.iterdir()) == []
    assert warnings == []


def test_a_list_that_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    run, warnings = RunDirectory(tmp_path / "gone"), list[str]()
    ProcessTable(run, warnings.append).write({}, {}, {})
    assert warnings == [f"{run.processes} cannot be written: No such file or directory"]
