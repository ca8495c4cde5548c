"""The services conform to their OpenAPI documents."""

import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from stack import Stack, StackOptions
from support.system import SERVICES

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
)


@pytest.fixture(scope="module")
async def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """A stack for these tests alone: they change and remove members at will."""
    options = StackOptions(run_dir=tmp_path_factory.mktemp("fuzzed"), prefer_port=None)
    async with Stack(options) as running:
        yield running


@pytest.mark.parametrize("service", SERVICES)
def test_the_service_conforms_to_its_openapi_document(
    fuzzed: Stack, service: str, tmp_path: Path
) -> None:
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run"),
        f"{fuzzed.url(service)}/openapi.json",
        *("--checks", ",".join(CHECKS)),
        # A stream lasts as long as its subject, and is not JSON: other tests read it.
        *("--exclude-path-regex", "/stream$"),
        # The same requests each time: a change is to blame for what fails, not chance.
        *("--max-examples", "40", "--seed", "1"),
        *("--request-timeout", "30"),
    ]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
