"""What the OpenAPI documents say is what the services do."""

import subprocess
import sys
from pathlib import Path

import pytest

from stack import Stack

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
)


@pytest.mark.parametrize("service", ["orchestrator", "assigner", "notifier"])
def test_no_request_finds_a_gap(stack: Stack, service: str, tmp_path: Path) -> None:
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run"),
        f"{stack.url(service)}/openapi.json",
        *("--checks", ",".join(CHECKS)),
        # The same requests each time: a change is to blame for what fails, not chance.
        *("--max-examples", "40", "--seed", "1"),
        *("--request-timeout", "30"),
    ]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
