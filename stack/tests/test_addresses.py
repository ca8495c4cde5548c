"""What a shell must know to reach a stack."""

from pathlib import Path

import pytest

from stack.cli import DEFAULT_RUN_DIR, chaos_command, shell_export


def test_an_api_on_another_port_is_exported() -> None:
    command = shell_export("http://127.0.0.1:29865", preferred=8000)
    assert command == "export TASKWAY_URL=http://127.0.0.1:29865"


@pytest.mark.parametrize("preferred", [8000, None])
def test_an_api_on_the_usual_port_needs_no_export(preferred: int | None) -> None:
    assert shell_export("http://127.0.0.1:8000", preferred) is None


def test_the_way_to_kill_a_process_names_another_run_directory_than_usual() -> None:
    usual = chaos_command(DEFAULT_RUN_DIR)
    assert usual.endswith("taskway chaos kill orchestrator")
    assert chaos_command(Path("/a b")) == f"{usual} --run-dir '/a b'"
