"""Any password opens Redis, as the stack starts it and as the cluster does."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import yaml
from redis import Redis, exceptions
from redis.backoff import NoBackoff
from redis.retry import Retry

from stack import backends
from stack.layout import Ports, RunDirectory
from stack.paths import PROJECT
from stack.ports import HOST, PortBlock
from stack.redis_check import redis_ready

IN_CLUSTER = PROJECT / "k8s/base/redis"
PASSWORDS = [
    "plain",
    "a b#c$(x)",
    "'\"`\\",
    " > ~* +@all #",
    "$REDIS_PASSWORD $$ %d \\n",
    "ümläut",
    "two\nlines\n",
    "-n",
]

pytestmark = pytest.mark.skipif(shutil.which("redis-server") is None, reason="needs redis-server")


@pytest.fixture
def ports() -> Iterator[Ports]:
    with closing(PortBlock.claim()) as block:
        yield Ports.pick(block, None, None)


@contextmanager
def running(command: list[str], folder: Path, env: dict[str, str] | None = None) -> Iterator[None]:
    with subprocess.Popen(
        command, cwd=folder, env={**os.environ, **(env or {})}, stdout=subprocess.DEVNULL
    ) as process:
        try:
            yield
        finally:
            process.kill()


def opened(port: int, password: str) -> Redis:
    """Return a client of a Redis that answers."""
    client = Redis(HOST, port, password=password, retry=Retry(NoBackoff(), 0))
    deadline = time.monotonic() + 60
    while True:
        try:
            client.ping()
        except exceptions.ConnectionError as error:
            if isinstance(error, exceptions.AuthenticationError) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return client


@pytest.mark.parametrize("password", PASSWORDS, ids=ascii)
async def test_the_stack_opens_its_redis(tmp_path: Path, ports: Ports, password: str) -> None:
    run = RunDirectory(tmp_path)
    run.prepare()
    spec = backends.redis(run, ports, password)
    with running(list(spec.command), tmp_path), closing(opened(ports.redis, password)):
        assert await spec.ready()
        assert not await redis_ready(HOST, ports.redis, f"{password}x")()


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="needs sha256sum, as the image has")
@pytest.mark.parametrize("password", PASSWORDS, ids=ascii)
def test_the_cluster_opens_its_redis(tmp_path: Path, ports: Ports, password: str) -> None:
    for name in ("run", "data"):
        (tmp_path / name).mkdir()
    places = {"/run/redis": "run", "/data": "data", "/etc/redis": ""}
    for name in ("start.sh", "redis.conf"):
        text = (IN_CLUSTER / name).read_text()
        for place, here in places.items():
            text = text.replace(place, str(tmp_path / here))
        (tmp_path / name).write_text(text)
    with (tmp_path / "redis.conf").open("a") as config:
        config.write(f"bind {HOST}\nport {ports.redis}\n")
    with (
        running(["sh", "start.sh"], tmp_path, {"REDIS_PASSWORD": password}),
        closing(opened(ports.redis, password)) as client,
    ):
        assert client.set("a", "b")
        with pytest.raises(exceptions.NoPermissionError):
            client.flushall()
        with (
            closing(Redis(HOST, ports.redis)) as stranger,
            pytest.raises(exceptions.AuthenticationError),
        ):
            stranger.ping()
    assert (tmp_path / "run" / "users.acl").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("password", ["", '"quoted"', "`a`", "'a'", "a{uuid}b", "{appID}"])
def test_the_cluster_refuses_what_the_sidecars_would_not_log_in_with(password: str) -> None:
    env = {**os.environ, "REDIS_PASSWORD": password}
    ran = subprocess.run(
        ["sh", str(IN_CLUSTER / "start.sh")], env=env, capture_output=True, check=False
    )
    assert ran.returncode != 0
    assert b"the Secret redis" in ran.stderr
    assert not password or password.encode() not in ran.stderr


def test_the_password_reaches_the_pod_from_its_secret_alone() -> None:
    """A value with `$(…)` in it would be expanded by the kubelet."""
    spec = yaml.safe_load((IN_CLUSTER / "statefulset.yaml").read_text())["spec"]["template"]["spec"]
    [container] = spec["containers"]
    assert container["command"] == ["sh", "/etc/redis/start.sh"]
    assert "args" not in container
    secret = {"secretKeyRef": {"name": "redis", "key": "password"}}
    assert {entry["name"]: entry["valueFrom"] for entry in container["env"]} == {
        "REDIS_PASSWORD": secret,
        "REDISCLI_AUTH": secret,
    }
