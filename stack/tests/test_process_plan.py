"""The commands, environment and configuration of the processes of a stack."""

import csv
import json
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from stack.dapr_binaries import DaprBinaries
from stack.dapr_processes import csv_field, write_configuration
from stack.layout import APPS, Ports, RunDirectory
from stack.options import StackOptions
from stack.ports import PortBlock
from stack.process import ProcessSpec
from stack.process_plan import plan_processes

DAPR = DaprBinaries(Path("/dapr"), "1.18.2")


@pytest.fixture
def ports() -> Ports:
    with closing(PortBlock.claim()) as block:
        return Ports.pick(block, None, None)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunDirectory:
    """A run directory on a machine that has redis-server, and no Jaeger."""
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "redis-server").touch(0o755)
    monkeypatch.setenv("PATH", str(programs))
    directory = RunDirectory(tmp_path / "a run")
    directory.prepare()
    return directory


def planned(
    options: StackOptions, run: RunDirectory, ports: Ports, client: httpx.AsyncClient
) -> dict[str, ProcessSpec]:
    return {spec.name: spec for spec in plan_processes(options, DAPR, run, ports, client)}


def test_every_app_resolves_to_its_own_sidecar(tmp_path: Path, ports: Ports) -> None:
    write_configuration(tmp_path / "dapr.yaml", ports, traces=False)
    spec = json.loads((tmp_path / "dapr.yaml").read_text())["spec"]
    template = spec["nameResolution"]["configuration"]["template"]
    for app in APPS:
        assert f'eq .ID "{app}"}}}}127.0.0.1:{ports.apps[app].internal}{{{{' in template
    assert "tracing" not in spec
    assert "workflow" not in spec


async def test_the_configuration_of_a_stack_adds_to_that_of_the_project(
    run: RunDirectory, ports: Ports, client: httpx.AsyncClient
) -> None:
    specs = planned(StackOptions(run.root), run, ports, client)
    # A sidecar reads both files, and the later one wins.
    command = specs["orchestrator-sidecar"].command
    files = [command[i + 1] for i, part in enumerate(command) if part == "--config"]
    assert [Path(file).name for file in files] == ["configuration.yaml", "dapr.yaml"]


async def test_no_two_sidecars_share_a_database(
    run: RunDirectory, ports: Ports, client: httpx.AsyncClient
) -> None:
    specs = planned(StackOptions(run.root), run, ports, client)
    files = [specs[f"{app}-sidecar"].env["TASKWAY_STATE_DB"] for app in APPS]
    assert len(set(files)) == len(APPS)
    assert all("a%20run" in file and "synchronous(FULL)" in file for file in files)


async def test_the_password_of_redis_is_on_no_command_line(
    run: RunDirectory, ports: Ports, client: httpx.AsyncClient
) -> None:
    specs = planned(StackOptions(run.root, store="redis"), run, ports, client)
    password = specs["assigner-sidecar"].env["REDIS_PASSWORD"]
    assert len(password) >= 32
    assert not any(password in part for spec in specs.values() for part in spec.command)
    for secret in (run.redis / "password", run.config / "redis.conf"):
        assert secret.stat().st_mode & 0o777 == 0o600


async def test_the_environment_of_a_process_can_be_extended(
    run: RunDirectory, ports: Ports, client: httpx.AsyncClient
) -> None:
    options = StackOptions(run.root, env={"assigner": {"OPEN_DIRECTORY": "false"}})
    specs = planned(options, run, ports, client)
    assert specs["assigner"].env["OPEN_DIRECTORY"] == "false"
    assert specs["assigner"].env["APP_PORT"] == str(ports.apps["assigner"].app)
    assert "OPEN_DIRECTORY" not in specs["notifier"].env


async def test_the_command_of_a_process_can_be_replaced(
    run: RunDirectory, ports: Ports, client: httpx.AsyncClient
) -> None:
    options = StackOptions(run.root, commands={"assigner": ["python", "other.py"]})
    specs = planned(options, run, ports, client)
    assert specs["assigner"].command == ["python", "other.py"]
    assert specs["notifier"].command[-1] == "notifier.main"


@pytest.mark.parametrize("path", ["/a, b/x", '/a"b"/x', '/"a', "/a b/#ü%$'"])
def test_a_path_in_a_list_of_daprd_is_one_field(path: str) -> None:
    # Go's encoding/csv reads RFC 4180, as this does where it is strict.
    assert list(csv.reader([csv_field(Path(path))], strict=True)) == [[path]]


async def test_no_backend_reads_the_name_of_the_run_directory(
    run: RunDirectory, ports: Ports, client: httpx.AsyncClient
) -> None:
    redis = planned(StackOptions(run.root, store="redis"), run, ports, client)["redis"]
    assert redis.command[1:] == ["config/redis.conf"]
    assert str(run.root) not in (run.config / "redis.conf").read_text()
