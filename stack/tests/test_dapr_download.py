"""What a download installs, and what it refuses."""

import hashlib
import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from rich.console import Console

from stack.dapr_binaries import PROGRAMS
from stack.dapr_download import download_dapr, release_client
from stack.errors import StackError

Handler = Callable[[httpx.Request], httpx.Response]


def archive(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def release(content: dict[str, bytes], spoil: str = "") -> Handler:
    """Return a server of release archives; the checksum of `spoil` is of something else."""

    def answer(request: httpx.Request) -> httpx.Response:
        file = request.url.path.rsplit("/", 1)[-1]
        name = file.split("_")[0]
        if not file.endswith(".sha256"):
            return httpx.Response(200, content=content[name])
        data = b"something else" if name == spoil else content[name]
        archived = file.removesuffix(".sha256")
        return httpx.Response(200, text=f"{hashlib.sha256(data).hexdigest()}  {archived}\n")

    return answer


def download(handler: Handler, target: Path) -> None:
    with httpx.Client(transport=httpx.MockTransport(handler)) as client:
        download_dapr("1.18.2", target, Console(quiet=True), client)


def test_the_three_programs_are_installed_to_be_run(tmp_path: Path) -> None:
    target = tmp_path / "dapr" / "1.18.2"
    download(release({name: archive(name, name.encode()) for name in PROGRAMS}), target)
    for name in PROGRAMS:
        assert (target / name).read_bytes() == name.encode()
        assert (target / name).stat().st_mode & 0o111
    assert [path.name for path in target.parent.iterdir()] == ["1.18.2"]


def test_a_wrong_checksum_installs_nothing(tmp_path: Path) -> None:
    target = tmp_path / "dapr" / "1.18.2"
    content = {name: archive(name, b"program") for name in PROGRAMS}
    with pytest.raises(StackError, match="SHA-256"):
        download(release(content, spoil="scheduler"), target)
    assert list(target.parent.iterdir()) == []


def test_an_archive_without_the_program_installs_nothing(tmp_path: Path) -> None:
    target = tmp_path / "dapr" / "1.18.2"
    content = {name: archive("readme", b"text") for name in PROGRAMS}
    with pytest.raises(StackError, match="does not contain daprd"):
        download(release(content), target)
    assert list(target.parent.iterdir()) == []


def test_a_missing_release_installs_nothing(tmp_path: Path) -> None:
    target = tmp_path / "dapr" / "9.9.9"
    with pytest.raises(httpx.HTTPStatusError):
        download(lambda request: httpx.Response(404), target)
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ALL_PROXY", "socks://127.0.0.1:1080"),
        ("all_proxy", "socks5://127.0.0.1:1080"),
        ("SSL_CERT_FILE", "/dev/null/certs.pem"),
    ],
)
def test_a_wrong_variable_is_a_failed_download_that_names_it(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(httpx.TransportError, match=f"{variable}.* cannot be used"):
        release_client(os.environ)
