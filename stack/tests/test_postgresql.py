"""PostgreSQL as the state store of a stack."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from stack.errors import StackError
from stack.layout import Ports, RunDirectory
from stack.ports import PortBlock
from stack.postgresql import postgresql, postgresql_programs, postgresql_url
from stack.process import ProcessSpec
from stack.state_store import state_store

needs_postgresql = pytest.mark.skipif(postgresql_programs() is None, reason="needs PostgreSQL")


@pytest.fixture
def ports() -> Iterator[Ports]:
    with closing(PortBlock.claim()) as block:
        yield Ports.pick(block, None, None)


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    directory = RunDirectory(tmp_path / 'a, "run" $x')
    directory.prepare()
    return directory


@contextmanager
def running(spec: ProcessSpec, run: RunDirectory) -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(spec.command, cwd=run.root) as server:
        try:
            yield server
        finally:
            server.terminate()


@needs_postgresql
async def test_it_is_ready_once_it_can_be_logged_in_to(run: RunDirectory, ports: Ports) -> None:
    spec = postgresql(run, ports)
    assert not await spec.ready()
    with running(spec, run) as server:
        while not await spec.ready():
            assert server.poll() is None
    # Its data is created once.
    created = (run.postgresql / "data" / "PG_VERSION").stat()
    assert postgresql(run, ports).command == spec.command
    assert (run.postgresql / "data" / "PG_VERSION").stat() == created

    password = run.postgresql / "password"
    assert password.stat().st_mode & 0o777 == 0o600
    assert password.read_text() in postgresql_url(run, ports)
    assert not any(password.read_text() in part for part in spec.command)
    # A name in it could be taken for something else.
    assert not any(str(run.root) in part for part in spec.command)


@needs_postgresql
def test_data_that_cannot_be_created_leaves_nothing(run: RunDirectory, ports: Ports) -> None:
    (run.postgresql / "password").write_text("")
    with pytest.raises(StackError, match="initdb cannot create"):
        postgresql(run, ports)
    assert [file.name for file in run.postgresql.iterdir()] == ["password"]


def test_a_machine_without_it_is_told_what_to_install(
    run: RunDirectory, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stack.postgresql.postgresql_programs", lambda: None)
    with pytest.raises(StackError, match=r"apt install postgresql.*DATABASE_URL"):
        postgresql(run, ports)


def test_a_server_that_runs_already_is_used(run: RunDirectory, ports: Ports) -> None:
    url = "postgresql://taskway@db.example.com/taskway"
    store = state_store("postgresql", run, ports, {"DATABASE_URL": url})
    assert store.processes == []
    assert store.sidecar_env("assigner") == {"POSTGRES_URL": url}
    assert list(run.postgresql.iterdir()) == []


@pytest.mark.skipif(shutil.which("initdb") is None, reason="needs initdb on PATH")
def test_the_programs_are_of_one_version() -> None:
    programs = postgresql_programs()
    assert programs is not None
    assert (programs / "postgres").exists()
